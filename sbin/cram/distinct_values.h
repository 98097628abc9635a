// How many values of a column differ, in bounded memory.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <string>
#include <unordered_set>

#include "absl/strings/string_view.h"

namespace cram {

// Counts by 64-bit hash, and no further than `most`.
class DistinctValues {
 public:
  explicit DistinctValues(size_t most) : most_(most) {}

  // Whether more values would tell nothing.
  bool full() const { return seen_.size() > most_; }
  void Add(absl::string_view value);

  // "3 values", "more than 10000 values".
  std::string Text() const;

 private:
  size_t most_;
  std::unordered_set<uint64_t> seen_;
};

}  // namespace cram
