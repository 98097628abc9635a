#include "pack/python/text.h"

#include <string.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "pack/python/python_error.h"

namespace cram {
namespace {

namespace py = pybind11;

std::string What(const TextName& name) {
  if (name.place >= 0 && !name.variable.empty()) {
    return absl::StrCat(name.kind, " '", name.variable, "', row ", name.place);
  }
  if (name.place >= 0) return absl::StrCat(name.kind, "[", name.place, "]");
  return absl::StrCat(name.kind, name.variable.empty() ? "" : " ",
                      name.variable);
}

}  // namespace

TextBytes::TextBytes(PyObject* object, const TextName& name) {
  if (PyUnicode_Check(object) && PyUnicode_IS_COMPACT_ASCII(object)) {
    view_ = absl::string_view(
        reinterpret_cast<const char*>(PyUnicode_1BYTE_DATA(object)),
        static_cast<size_t>(PyUnicode_GET_LENGTH(object)));
  } else if (PyBytes_Check(object)) {
    SetBytes(object);
  } else {
    Encode(object, name);
  }
  if (!view_.empty() && memchr(view_.data(), '\0', view_.size()) != nullptr) {
    ThrowError(absl::StrCat(What(name), ": has a NUL character"));
  }
}

void TextBytes::SetBytes(PyObject* bytes) {
  view_ = absl::string_view(PyBytes_AS_STRING(bytes),
                            static_cast<size_t>(PyBytes_GET_SIZE(bytes)));
}

void TextBytes::Encode(PyObject* object, const TextName& name) {
  py::object path = py::reinterpret_steal<py::object>(PyOS_FSPath(object));
  if (!path) {
    ThrowPending(absl::StrCat(What(name), ": a str, bytes or os.PathLike, not ",
                              Py_TYPE(object)->tp_name));
  }
  owned_ = PyUnicode_Check(path.ptr())
               ? py::reinterpret_steal<py::object>(
                     PyUnicode_EncodeFSDefault(path.ptr()))
               : path;
  if (!owned_) {
    PyErr_Clear();
    ThrowError(absl::StrCat(What(name), ": cannot be encoded in the locale's ",
                            "encoding of file names"));
  }
  view_ =
      absl::string_view(PyBytes_AS_STRING(owned_.ptr()),
                        static_cast<size_t>(PyBytes_GET_SIZE(owned_.ptr())));
}

py::object ToPython(absl::string_view bytes) {
  py::object text =
      py::reinterpret_steal<py::object>(PyUnicode_DecodeFSDefaultAndSize(
          bytes.data(), static_cast<Py_ssize_t>(bytes.size())));
  if (!text) throw py::error_already_set();
  return text;
}

}  // namespace cram
