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
  std::vector<Objects> objects;
  std::vector<Variable> first;
  PyObject* name;
  PyObject* value;
  for (Py_ssize_t at = 0; PyDict_Next(dict.ptr(), &at, &name, &value) != 0;) {
    TextBytes name_bytes(name, {"a name in env"});
    if (IsForeignVariable(name_bytes.view())) continue;
    TextBytes value_bytes(value, {"env", -1, name_bytes.view()});
    objects.push_back({py::reinterpret_borrow<py::object>(name),
                       py::reinterpret_borrow<py::object>(value)});
    first.push_back(
        {std::string(name_bytes.view()), std::string(value_bytes.view())});
  }
  objects_ = std::move(objects);
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

size_t Environments::PlaceOf(PyObject* name) const {
  TextBytes bytes(name, {"a name in env"});
  auto place = places_.find(std::string(bytes.view()));
  return place == places_.end() ? first_.size() : place->second;
}

void Environments::AppendRemoved(PyObject* dict, std::string* own) const {
  std::vector<bool> is_there(first_.size() + 1);
  PyObject* name;
  for (Py_ssize_t at = 0; PyDict_Next(dict, &at, &name, nullptr) != 0;) {
    is_there[PlaceOf(name)] = true;
  }
  for (size_t i = 0; i < first_.size(); ++i) {
    if (is_there[i]) continue;
    EnvironmentChange change;
    change.set_name(first_[i].name);
    change.set_unset(true);
    AppendBytesField(SubJobTemplate::kEnvFieldNumber,
                     change.SerializeAsString(), own);
  }
}

bool Environments::AppendChange(PyObject* name, PyObject* value, size_t place,
                                std::string* own) {
  TextBytes name_bytes(name, {"a name in env"});
  bool is_first = place < first_.size();
  if (!is_first && IsForeignVariable(name_bytes.view())) return false;
  TextBytes value_bytes(value, {"env", -1, name_bytes.view()});
  if (is_first && first_[place].value == value_bytes.view()) return true;
  change_.clear();
  AppendBytesField(EnvironmentChange::kNameFieldNumber, name_bytes.view(),
                   &change_);
  AppendBytesField(EnvironmentChange::kValueFieldNumber, value_bytes.view(),
                   &change_);
  AppendBytesField(SubJobTemplate::kEnvFieldNumber, change_, own);
  return is_first;
}

void Environments::AppendChanges(PyObject* environment, std::string* own) {
  py::object dict = AsDict(environment);
  size_t next = 0;  // dicts of one origin have one order
  size_t found = 0;
  PyObject* name;
  PyObject* value;
  for (Py_ssize_t at = 0; PyDict_Next(dict.ptr(), &at, &name, &value) != 0;) {
    bool in_order = next < objects_.size() && objects_[next].name.ptr() == name;
    if (in_order && objects_[next].value.ptr() == value) {
      ++next;
      ++found;
      continue;
    }
    size_t place = in_order ? next++ : PlaceOf(name);
    if (AppendChange(name, value, place, own)) ++found;
  }
  if (found < first_.size()) AppendRemoved(dict.ptr(), own);
}

}  // namespace cram
