// A set of sub-job indexes, kept as ranges.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cram {

// [begin, end): empty when begin == end.
struct IndexRange {
  uint64_t begin = 0;
  uint64_t end = 0;
  uint64_t size() const { return end - begin; }
  friend bool operator==(IndexRange a, IndexRange b) {
    return a.begin == b.begin && a.end == b.end;
  }
};

// Disjoint, non-adjacent ranges in ascending order. A million consecutive
// indexes cost one map node; every operation is logarithmic in the ranges.
class IndexSet {
 public:
  IndexSet() = default;
  explicit IndexSet(IndexRange range) { Add(range); }

  // "3,10-20,40": inclusive, as Slurm writes arrays and `squeue -a`.
  static absl::StatusOr<IndexSet> Parse(absl::string_view text);
  std::string ToString() const;

  void Add(IndexRange range);
  void Add(uint64_t index) { Add({index, index + 1}); }
  void AddAll(const IndexSet& other);
  void Remove(IndexRange range);
  void Remove(uint64_t index) { Remove({index, index + 1}); }

  // Removes and returns the `count` lowest (or highest) indexes, or all.
  IndexSet TakeFront(uint64_t count);
  IndexSet TakeBack(uint64_t count);
  // Removes and returns those of `indexes` that are in it.
  IndexSet Take(const IndexSet& indexes);

  bool Contains(uint64_t index) const;
  bool empty() const { return ranges_.empty(); }
  uint64_t size() const { return size_; }
  // The lowest index; undefined when empty.
  uint64_t front() const { return ranges_.begin()->first; }

  // begin -> end, for iteration.
  const std::map<uint64_t, uint64_t>& ranges() const { return ranges_; }

  friend bool operator==(const IndexSet& a, const IndexSet& b) {
    return a.ranges_ == b.ranges_;
  }

 private:
  std::map<uint64_t, uint64_t> ranges_;
  uint64_t size_ = 0;
};

}  // namespace cram
