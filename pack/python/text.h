// Python's texts, and ours, which are bytes as the kernel takes them.
#pragma once

#include <pybind11/pybind11.h>

#include "absl/strings/string_view.h"

namespace cram {

// What a text is called in exceptions: "cwd", "args[2]", "env HOME",
// "column 'x', row 2".
struct TextName {
  absl::string_view kind;
  Py_ssize_t place = -1;
  absl::string_view variable = {};
};

// A text's bytes: of a str those of os.fsencode(), of bytes themselves, of an
// os.PathLike those of its path. ASCII and bytes are not copied: the object
// must outlive this.
class TextBytes {
 public:
  // Throws TypeError for what is no text, cram.Error for a NUL in it.
  TextBytes(PyObject* object, const TextName& name);
  TextBytes(const TextBytes&) = delete;
  TextBytes& operator=(const TextBytes&) = delete;

  absl::string_view view() const { return view_; }

 private:
  void SetBytes(PyObject* bytes);
  void Encode(PyObject* object, const TextName& name);

  pybind11::object owned_;
  absl::string_view view_;
};

// As os.fsdecode(): what TextBytes takes back.
pybind11::object ToPython(absl::string_view bytes);

}  // namespace cram
