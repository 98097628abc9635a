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
  struct Variable {
    pybind11::object name_object, value_object;
    std::string name, value;
    uint64_t seen = 0;  // the last environment that had it
  };

  // `first`: the variable of this name, when that is known. Whether there is
  // one.
  bool AppendChange(PyObject* name, PyObject* value, Variable* first,
                    std::string* own);
  void AppendRemoved(std::string* own) const;

  std::vector<Variable> first_;  // in the order of its dict
  std::unordered_map<std::string, size_t> places_;
  bool has_first_ = false;
  uint64_t environments_ = 0;
  std::string change_;
};

}  // namespace cram
