#include "pack/python/resources.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pack/base/io.h"
#include "pack/manifest/template_resources.h"
#include "pack/python/python_error.h"
#include "pack/python/text.h"

namespace cram {
namespace {

namespace py = pybind11;

using Setter = absl::Status (*)(absl::string_view text, SubJobTemplate* result);

// Any integer, NumPy's too, but no bool.
void SetNumber(const char* name, PyObject* number, Setter setter,
               SubJobTemplate* result) {
  if (number == Py_None) return;
  if (PyIndex_Check(number) == 0 || PyBool_Check(number)) {
    ThrowTypeError(
        absl::StrCat(name, ": an int, not ", Py_TYPE(number)->tp_name));
  }
  std::string text =
      py::str(py::reinterpret_steal<py::object>(PyNumber_Index(number)));
  ThrowUnless(WithContext(name, setter(text, result)));
}

// No numbers: would 200 be bytes, or megabytes as in --mem 200?
void SetText(const char* name, const char* example, PyObject* text,
             Setter setter, SubJobTemplate* result) {
  if (text == Py_None) return;
  if (PyUnicode_Check(text) == 0) {
    ThrowTypeError(
        absl::StrCat(name, ": ", example, ", not ", Py_TYPE(text)->tp_name));
  }
  ThrowUnless(
      WithContext(name, setter(TextBytes(text, {name}).view(), result)));
}

void SetTime(PyObject* time, SubJobTemplate* result) {
  static const py::handle kTimedelta =
      py::object(py::module_::import("datetime").attr("timedelta")).release();
  if (PyObject_IsInstance(time, kTimedelta.ptr()) != 1) {
    SetText("time", "a text such as '1h30m' or a timedelta", time, SetTimeLimit,
            result);
    return;
  }
  auto seconds = py::handle(time).attr("total_seconds")().cast<double>();
  ThrowUnless(WithContext(
      "time", SetTimeLimit(absl::StrFormat("%.6fs", seconds), result)));
}

}  // namespace

void SetResources(const ResourceObjects& objects, SubJobTemplate* result) {
  SetNumber("nprocs", objects.ranks, SetRanks, result);
  SetNumber("cpus", objects.cpus, SetCpus, result);
  SetText("mem", "a text such as '200M'", objects.memory, SetMemory, result);
  SetText("mem_mode", "a text", objects.memory_mode, SetMemoryMode, result);
  SetTime(objects.time, result);
  SetText("mpi", "a text", objects.mpi, SetMpi, result);
  SetText("retry_codes", "a text such as 'except=1'", objects.retry_codes,
          SetRetryCodes, result);
}

}  // namespace cram
