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

// Python counts what is done to all dicts; a dict has the count of what was
// done to it last. Later versions of Python have no such count: 0.
uint64_t VersionOf(PyObject* dict) {
#if PY_VERSION_HEX < 0x030C0000
  return reinterpret_cast<PyDictObject*>(dict)->ma_version_tag;
#else
  (void)dict;
  return 0;
#endif
}

bool IsOsEnviron(PyObject* environment) {
  static const py::handle kEnviron =
      py::object(py::module_::import("os").attr("environ")).release();
  return environment == kEnviron.ptr();
}

}  // namespace

void CheckVariableName(absl::string_view name) {
  if (!name.empty() && name.find('=') == absl::string_view::npos) return;
  ThrowError(absl::StrCat("env: '", name, "' is not a variable's name"));
}

py::dict CopyOfMapping(PyObject* environment) {
  py::dict copy;
  if (PyDict_Update(copy.ptr(), environment) != 0) {
    ThrowPending(absl::StrCat("env: a mapping of texts, not ",
                              Py_TYPE(environment)->tp_name));
  }
  return copy;
}

py::object Environments::AsDict(PyObject* environment) {
  if (PyDict_CheckExact(environment)) {
    return py::reinterpret_borrow<py::object>(environment);
  }
  // It decodes what it has at every look; below it is a dict of bytes, the same
  // as long as it lives.
  if (IsOsEnviron(environment)) {
    if (!encoded_) {
      encoded_ = py::getattr(py::handle(environment), "_data", py::none());
    }
    if (PyDict_CheckExact(encoded_.ptr())) return encoded_;
  }
  return CopyOfMapping(environment);
}

void Environments::SetFirst(PyObject* environment) {
  py::object dict = AsDict(environment);
  std::vector<Objects> objects;
  std::vector<Variable> first;
  PyObject* name;
  PyObject* value;
  for (Py_ssize_t at = 0; PyDict_Next(dict.ptr(), &at, &name, &value) != 0;) {
    TextBytes name_bytes(name, {"a name in env"});
    CheckVariableName(name_bytes.view());
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
  if (!is_first) CheckVariableName(name_bytes.view());
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

// A count that is one larger means that one thing was done to any dict at all;
// and if the value is another, then it was this.
bool Environments::AppendNext(PyObject* dict, std::string* own) {
  if (!last_ || last_->dict.ptr() != dict ||
      VersionOf(dict) != last_->version + 1) {
    return false;
  }
  PyObject* value = PyDict_GetItemWithError(dict, last_->name.ptr());
  if (value == nullptr || value == last_->value.ptr()) return false;
  AppendChange(last_->name.ptr(), value, last_->place, own);
  last_->value = py::reinterpret_borrow<py::object>(value);
  ++last_->version;
  return true;
}

void Environments::AppendChanges(PyObject* environment, std::string* own) {
  py::object dict = AsDict(environment);
  if (AppendNext(dict.ptr(), own)) return;
  last_.reset();
  size_t next = 0;  // dicts of one origin have one order
  size_t found = 0, changes = 0;
  Last last;
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
    size_t before = own->size();
    if (AppendChange(name, value, place, own)) ++found;
    if (own->size() == before || ++changes > 1) continue;
    last.name = py::reinterpret_borrow<py::object>(name);
    last.value = py::reinterpret_borrow<py::object>(value);
    last.place = place;
  }
  if (found < first_.size()) {
    AppendRemoved(dict.ptr(), own);
  } else if (changes == 1) {
    last.dict = dict;
    last.version = VersionOf(dict.ptr());
    last_ = std::move(last);
  }
}

}  // namespace cram
