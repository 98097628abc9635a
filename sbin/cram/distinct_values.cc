#include "sbin/cram/distinct_values.h"

#include <string_view>

#include "absl/strings/str_cat.h"

namespace cram {

void DistinctValues::Add(absl::string_view value) {
  if (full()) return;
  seen_.insert(std::hash<std::string_view>()(
      std::string_view(value.data(), value.size())));
}

std::string DistinctValues::Text() const {
  if (full()) return absl::StrCat("more than ", most_, " values");
  return absl::StrCat(seen_.size(), seen_.size() == 1 ? " value" : " values");
}

}  // namespace cram
