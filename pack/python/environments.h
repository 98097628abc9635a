// Whole environments, stored as changes to the first one.
#pragma once

#include <pybind11/pybind11.h>
#include <stdint.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "absl/strings/string_view.h"
#include "pack/manifest/manifest.pb.h"

namespace cram {

// Compares objects before texts: a dict of which one value is new since the
// first costs a look at each of its pointers. Foreign variables
// (foreign_variable.h) are left out everywhere.
class Environments {
 public:
  // A dict, or any mapping, of texts. Throws TypeError for what is not that,
  // cram.Error for a text with a NUL.
  void SetFirst(PyObject* environment);
  bool has_first() const { return has_first_; }

  // The first one as changes of a template, whose texts hold placeholders.
  void AddFirst(SubJobTemplate* source) const;

  // Appends those of `environment` to the first one, as fields of a serialized
  // cram.SubJobTemplate. Variables that the first has and this one has not are
  // removed. Throws as SetFirst, which must have been called.
  void AppendChanges(PyObject* environment, std::string* own);

 private:
  struct Objects {
    pybind11::object name, value;
  };
  struct Variable {
    std::string name, value;
  };

  // The place in first_ of this name, or none of it.
  size_t PlaceOf(PyObject* name) const;
  // `place`: that of the name. Whether it is one.
  bool AppendChange(PyObject* name, PyObject* value, size_t place,
                    std::string* own);
  void AppendRemoved(PyObject* dict, std::string* own) const;

  // The variables of the first, in the order of its dict.
  std::vector<Objects> objects_;
  std::vector<Variable> first_;
  std::unordered_map<std::string, size_t> places_;
  bool has_first_ = false;
  std::string change_;
};

}  // namespace cram
