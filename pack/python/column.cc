#include "pack/python/column.h"

#include <math.h>

#include "absl/strings/str_cat.h"
#include "pack/python/python_error.h"
#include "pack/python/text.h"

namespace cram {
namespace {

namespace py = pybind11;

// NaN, NaT and pandas.NA differ from themselves, or cannot tell.
bool IsMissing(PyObject* value) {
  if (value == Py_None) return true;
  py::object result = py::reinterpret_steal<py::object>(
      PyObject_RichCompare(value, value, Py_NE));
  int differs = result ? PyObject_IsTrue(result.ptr()) : -1;
  if (differs < 0) PyErr_Clear();
  return differs != 0;
}

}  // namespace

// Numbers whose text is that of str(), at a tenth of its cost.
bool ColumnTexts::SetNumber(PyObject* value) {
  if (PyLong_CheckExact(value)) {
    int overflow;
    long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (overflow != 0) return false;
    text_.clear();
    absl::StrAppend(&text_, number);
    return true;
  }
  if (!PyFloat_CheckExact(value) || isnan(PyFloat_AS_DOUBLE(value))) {
    return false;
  }
  char* digits = PyOS_double_to_string(PyFloat_AS_DOUBLE(value), 'r', 0,
                                       Py_DTSF_ADD_DOT_0, nullptr);
  if (digits == nullptr) throw py::error_already_set();
  text_ = digits;
  PyMem_Free(digits);
  return true;
}

void ColumnTexts::Refuse(size_t row, absl::string_view why) const {
  ThrowError(
      absl::StrCat("column '", name_, "', row ", first_ + row, ": ", why));
}

absl::string_view ColumnTexts::Get(size_t row) {
  PyObject* value = PyList_GET_ITEM(values_.ptr(), row);
  if (SetNumber(value)) return text_;
  bool is_text = PyUnicode_Check(value) || PyBytes_Check(value);
  if (!is_text && PyObject_HasAttrString(value, "__len__") != 0) {
    Refuse(row, absl::StrCat("a ", Py_TYPE(value)->tp_name,
                             " is not a single value"));
  }
  if (!is_text && IsMissing(value)) Refuse(row, "a value is missing");
  py::object text =
      is_text ? py::reinterpret_borrow<py::object>(value)
              : py::reinterpret_steal<py::object>(PyObject_Str(value));
  if (!text) throw py::error_already_set();
  auto place = static_cast<Py_ssize_t>(first_ + row);
  text_ = std::string(TextBytes(text.ptr(), {"column", place, name_}).view());
  return text_;
}

}  // namespace cram
