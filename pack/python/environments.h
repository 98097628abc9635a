// Whole environments, stored as changes to the first one.
#pragma once

#include <pybind11/pybind11.h>
#include <stdint.h>

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/strings/string_view.h"
#include "pack/manifest/manifest.pb.h"

namespace cram {

// As a dict. Throws TypeError for what is no mapping.
pybind11::dict CopyOfMapping(PyObject* environment);
// Throws cram.Error for what no variable can be called.
void CheckVariableName(absl::string_view name);

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

  // The dict itself, that of os.environ, or a new one of what a mapping has.
  pybind11::object AsDict(PyObject* environment);
  // The place in first_ of this name, or none of it.
  size_t PlaceOf(PyObject* name) const;
  // Whether the dict is that of last_ with one value set since then; the change
  // is appended.
  bool AppendNext(PyObject* dict, std::string* own);
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
  pybind11::object encoded_;  // the dict of os.environ

  // Of the last environment, if it had one change to the first: what a loop
  // changes once more.
  struct Last {
    pybind11::object dict, name, value;
    size_t place;
    uint64_t version;
  };
  std::optional<Last> last_;
};

}  // namespace cram
