// The values of any sub-job of a sweep, without its expansion.
#pragma once

#include <stdint.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pack/manifest/design.h"
#include "pack/manifest/manifest.pb.h"
#include "pack/manifest/value_list.h"

namespace cram {

// A serialized cram.Sweep, checked and ready to compute from. Values of lists
// stay where they are: the bytes must outlive it. Axes with a distribution are
// sampled: their values are those of the points of one design.
class SweepTable {
 public:
  SweepTable() = default;  // no axes: one sub-job
  // Errors: an axis without name or values, a product beyond 2^63, zipped axes
  // of different lengths, numbers that overflow, a distribution or sample that
  // makes no sense.
  static absl::StatusOr<SweepTable> Parse(absl::string_view bytes);

  uint64_t size() const { return size_; }
  const std::vector<std::string>& names() const { return names_; }

  // How many values axis `axis` (its place in names()) has, and each of them.
  uint64_t AxisSize(size_t axis) const;
  std::string AxisValue(size_t axis, uint64_t place) const;
  bool AxisIsRange(size_t axis) const { return axes_[axis].is_range; }
  // Null unless it is sampled.
  const Distribution* AxisDistribution(size_t axis) const {
    return axes_[axis].is_sampled ? &axes_[axis].distribution : nullptr;
  }

  // Texts that stand for all values of an axis, as to what formats take them.
  uint64_t AxisForms(size_t axis) const;
  std::string AxisForm(size_t axis, uint64_t form) const;

  // Null unless an axis is sampled.
  const Sample* sample() const {
    return dimensions_ > 0 ? &design_.sample() : nullptr;
  }

  // 0: it is not zipped.
  uint32_t AxisZipGroup(size_t axis) const { return axes_[axis].zip_group; }

  // The values of sub-job `place`, 0..size()-1, in the order of names().
  void Values(uint64_t place, std::vector<std::string>* values) const;

 private:
  struct AxisTable {
    bool is_range = false;
    bool is_sampled = false;
    Range range;
    ValueListView list;
    Distribution distribution;
    size_t dimension = 0;  // of the design
    uint32_t zip_group = 0;
    uint64_t size = 0;
    uint64_t stride = 1;  // sub-jobs before it advances
  };

  static absl::Status ParseAxis(absl::string_view bytes, AxisTable* axis,
                                std::string* name);
  absl::Status AddAxis(absl::string_view bytes);
  absl::Status SetDesign(const Sample& sample);
  absl::Status SetStrides();
  // Whether they advance together.
  static bool AreTogether(const AxisTable& a, const AxisTable& b);

  std::vector<AxisTable> axes_;
  Design design_;
  size_t dimensions_ = 0;
  std::vector<std::string> names_;
  uint64_t size_ = 1;
};

}  // namespace cram
