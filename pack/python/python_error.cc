#include "pack/python/python_error.h"

#include "pack/base/escape_controls.h"
#include "pack/python/text.h"

namespace cram {
namespace {

namespace py = pybind11;

// As long as the process: exceptions outlive the module's dictionary.
PyObject* error_type = nullptr;

[[noreturn]] void Throw(PyObject* type, absl::string_view message) {
  PyErr_SetObject(type, ToPython(EscapeControls(message)).ptr());
  throw py::error_already_set();
}

}  // namespace

void DefineError(py::module_& module) {
  error_type = PyErr_NewExceptionWithDoc(
      "cram.Error",
      "What cram pack would refuse, in the same words; a file that cannot be "
      "read or written.",
      PyExc_ValueError, nullptr);
  if (error_type == nullptr) throw py::error_already_set();
  module.attr("Error") = py::handle(error_type);
}

void ThrowError(absl::string_view message) { Throw(error_type, message); }

void ThrowTypeError(absl::string_view message) {
  Throw(PyExc_TypeError, message);
}

void ThrowPending(absl::string_view type_message) {
  if (PyErr_ExceptionMatches(PyExc_TypeError) == 0 &&
      PyErr_ExceptionMatches(PyExc_AttributeError) == 0) {
    throw py::error_already_set();
  }
  PyErr_Clear();
  ThrowTypeError(type_message);
}

void ThrowUnless(const absl::Status& status) {
  if (!status.ok()) ThrowError(status.message());
}

std::string MessageOf(const py::error_already_set& error) {
  py::object text =
      py::reinterpret_steal<py::object>(PyObject_Str(error.value().ptr()));
  py::object bytes;
  if (text) {
    bytes = py::reinterpret_steal<py::object>(
        PyUnicode_EncodeFSDefault(text.ptr()));
  }
  if (!bytes) PyErr_Clear();
  std::string message = bytes ? PyBytes_AS_STRING(bytes.ptr()) : "";
  return message.empty() ? "a table was left in its midst" : message;
}

}  // namespace cram
