#include "pack/python/environments.h"

#include "absl/strings/str_cat.h"
#include "pack/manifest/foreign_variable.h"
#include "pack/manifest/template.h"
#include "pack/manifest/wire.h"
#include "pack/python/python_error.h"
#include "pack/python/text.h"

namespace cram {
namespace {

namespace py = pybind11;

// os.environ decodes what it has at every look; below it is a dict of bytes.
py::object EncodedVariables(PyObject* environment) {
  static const py::handle kEnviron =
      py::object(py::module_::import("os").attr("environ")).release();
  static const py::handle kData = py::str("_data").release();
  if (environment != kEnviron.ptr()) return py::object();
  py::object encoded = py::getattr(py::handle(environment), kData, py::none());
  return PyDict_CheckExact(encoded.ptr()) ? encoded : py::object();
}

py::object AsDict(PyObject* environment) {
  if (PyDict_CheckExact(environment)) {
    return py::reinterpret_borrow<py::object>(environment);
  }
  py::object encoded = EncodedVariables(environment);
  if (encoded) return encoded;
  py::dict copy;
  if (PyMapping_Check(environment) == 0 ||
      PyDict_Update(copy.ptr(), environment) != 0) {
    PyErr_Clear();
    ThrowTypeError(absl::StrCat("env: a mapping of texts, not ",
                                Py_TYPE(environment)->tp_name));
  }
  return std::move(copy);
}

}  // namespace

void Environments::SetFirst(PyObject* environment) {
  py::object dict = AsDict(environment);
  std::vector<Variable> first;
  PyObject* name;
  PyObject* value;
  for (Py_ssize_t at = 0; PyDict_Next(dict.ptr(), &at, &name, &value) != 0;) {
    TextBytes name_bytes(name, {"a name in env"});
    if (IsForeignVariable(name_bytes.view())) continue;
    TextBytes value_bytes(value, {"env", -1, name_bytes.view()});
    first.push_back({py::reinterpret_borrow<py::object>(name),
                     py::reinterpret_borrow<py::object>(value),
                     std::string(name_bytes.view()),
                     std::string(value_bytes.view())});
  }
  first_ = std::move(first);
  places_.clear();
  for (const Variable& variable : first_) {
    places_.emplace(variable.name, places_.size());
  }
  has_first_ = true;
}

void Environments::AddFirst(SubJobTemplate* source) const {
  for (const Variable& variable : first_) {
    EnvironmentChange* change = source->add_env();
    change->set_name(variable.name);
    change->set_value(PlainText(variable.value));
  }
}

void Environments::AppendRemoved(std::string* own) const {
  for (const Variable& variable : first_) {
    if (variable.seen == environments_) continue;
    EnvironmentChange change;
    change.set_name(variable.name);
    change.set_unset(true);
    AppendBytesField(SubJobTemplate::kEnvFieldNumber,
                     change.SerializeAsString(), own);
  }
}

bool Environments::AppendChange(PyObject* name, PyObject* value,
                                Variable* first, std::string* own) {
  TextBytes name_bytes(name, {"a name in env"});
  if (first == nullptr) {
    auto place = places_.find(std::string(name_bytes.view()));
    if (place != places_.end()) first = &first_[place->second];
  }
  if (first == nullptr && IsForeignVariable(name_bytes.view())) return false;
  TextBytes value_bytes(value, {"env", -1, name_bytes.view()});
  if (first != nullptr) first->seen = environments_;
  if (first != nullptr && first->value == value_bytes.view()) return true;
  change_.clear();
  AppendBytesField(EnvironmentChange::kNameFieldNumber, name_bytes.view(),
                   &change_);
  AppendBytesField(EnvironmentChange::kValueFieldNumber, value_bytes.view(),
                   &change_);
  AppendBytesField(SubJobTemplate::kEnvFieldNumber, change_, own);
  return first != nullptr;
}

void Environments::AppendChanges(PyObject* environment, std::string* own) {
  py::object dict = AsDict(environment);
  ++environments_;
  size_t next = 0;  // dicts of one origin have one order
  size_t found = 0;
  PyObject* name;
  PyObject* value;
  for (Py_ssize_t at = 0; PyDict_Next(dict.ptr(), &at, &name, &value) != 0;) {
    bool in_order =
        next < first_.size() && first_[next].name_object.ptr() == name;
    Variable* first = in_order ? &first_[next++] : nullptr;
    if (in_order && first->value_object.ptr() == value) {
      first->seen = environments_;
      ++found;
    } else if (AppendChange(name, value, first, own)) {
      ++found;
    }
  }
  if (found < first_.size()) AppendRemoved(own);
}

}  // namespace cram
