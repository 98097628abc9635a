// The values of a list axis, where they are in the file.
#pragma once

#include <stdint.h>

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cram {

// A serialized cram.ValueList, of which only the places of some values are
// kept: a value may take two bytes of a file, and a view of it eight times as
// much. The bytes must outlive it.
class ValueListView {
 public:
  ValueListView() = default;  // no values
  // Error: damage.
  static absl::StatusOr<ValueListView> Parse(absl::string_view bytes);

  uint64_t size() const { return size_; }
  absl::string_view Get(uint64_t place) const;  // below size()

 private:
  absl::string_view bytes_;
  uint64_t size_ = 0;
  std::vector<uint64_t> places_;  // of every kApart-th value
};

}  // namespace cram
