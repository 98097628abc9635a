// What rows have of their own, over their template, in a few words.
#pragma once

#include <stdint.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace cram {

class OwnProperties {
 public:
  explicit OwnProperties(uint32_t template_ranks)
      : template_ranks_(template_ranks) {}

  // Of a row: a serialized cram.SubJobTemplate, or nothing.
  void Add(absl::string_view own);

  // "directory", "environment", "ranks (1 to 64)": what some rows have. Ranks
  // only when a row has several.
  std::vector<std::string> Names() const;

 private:
  uint32_t template_ranks_;
  uint64_t fields_ = 0;  // numbers of those that are there, a bit each
  uint64_t least_ranks_ = UINT64_MAX, most_ranks_ = 0;
};

}  // namespace cram
