// The values of any sub-job of a sweep, without its expansion.
#pragma once

#include <stdint.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pack/manifest/manifest.pb.h"

namespace cram {

// A serialized cram.Sweep, checked and ready to compute from. Values of lists
// stay where they are: the bytes must outlive it.
class SweepTable {
 public:
  SweepTable() = default;  // no axes: one sub-job
  // Errors: an axis without name or values, a product beyond 2^63, zipped axes
  // of different lengths, numbers that overflow.
  static absl::StatusOr<SweepTable> Parse(absl::string_view bytes);

  uint64_t size() const { return size_; }
  const std::vector<std::string>& names() const { return names_; }

  // How many values axis `axis` (its place in names()) has, and each of them.
  uint64_t AxisSize(size_t axis) const;
  std::string AxisValue(size_t axis, uint64_t place) const;
  // Whether it is a range: then all its values are numbers of one form.
  bool AxisIsRange(size_t axis) const { return axes_[axis].is_range; }

  // 0: it is not zipped.
  uint32_t AxisZipGroup(size_t axis) const { return axes_[axis].zip_group; }

  // The values of sub-job `place`, 0..size()-1, in the order of names().
  void Values(uint64_t place, std::vector<std::string>* values) const;

 private:
  struct AxisTable {
    bool is_range = false;
    Range range;
    std::vector<absl::string_view> list;
    uint32_t zip_group = 0;
    uint64_t size = 0;
    uint64_t stride = 1;  // sub-jobs before it advances
  };

  static absl::Status ParseAxis(absl::string_view bytes, AxisTable* axis,
                                std::string* name);
  absl::Status SetStrides();

  std::vector<AxisTable> axes_;
  std::vector<std::string> names_;
  uint64_t size_ = 1;
};

}  // namespace cram
