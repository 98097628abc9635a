// The values of a column, as texts.
#pragma once

#include <pybind11/pybind11.h>
#include <stddef.h>
#include <stdint.h>

#include <string>

#include "absl/strings/string_view.h"

namespace cram {

// Of a text its bytes, of any other value str(). Not a value, and so a
// cram.Error with column and row: None, NaN (as pandas marks what is missing,
// and no parameter of a model), what has a length.
class ColumnTexts {
 public:
  // `first` is the row of values[0], for errors.
  ColumnTexts(std::string name, pybind11::list values, uint64_t first)
      : name_(std::move(name)), values_(std::move(values)), first_(first) {}

  size_t size() const { return values_.size(); }
  // Valid until the next call. Throws.
  absl::string_view Get(size_t row);

 private:
  bool SetNumber(PyObject* value);
  [[noreturn]] void Refuse(size_t row, absl::string_view why) const;

  std::string name_;
  pybind11::list values_;
  uint64_t first_;
  std::string text_;
};

}  // namespace cram
