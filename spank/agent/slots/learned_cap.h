// The cap that --cram-mem=auto gives to sub-jobs of one kind on one node.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <deque>
#include <vector>

namespace cram {

// Peaks in, cap out. What to expect of it is promised in cram(1):
//  - the initial cap until 10 sub-jobs have completed;
//  - then the cheapest cap (pack/base/cap_choice.h) for the last 100 that did.
//    Up to one in ten may be larger and not raise it: those are run a second
//    time. Once they are more it rises, when they are gone it falls.
// A node learns for itself: its first ten teach it before a message could, and
// sub-jobs are alike on all nodes, but memory need not be.
class LearnedCap {
 public:
  // `share`: what a sub-job may use so that as many run as there are CPUs for.
  LearnedCap(uint64_t initial, uint64_t share);

  // One completed. A peak of 0 was not measured, and teaches nothing.
  void Completed(uint64_t peak_bytes, uint64_t cap_bytes);

  uint64_t cap() const { return cap_; }

  // At least so much for one that reached the learned cap: the initial cap, or
  // what holds the largest of the last 100.
  uint64_t second_cap() const;

 private:
  uint64_t initial_;
  uint64_t share_;
  uint64_t cap_;
  std::deque<uint64_t> recent_;   // oldest first
  std::vector<uint64_t> sorted_;  // the same, ascending
};

// The cap after `cap_bytes` was reached: `factor` times as much, rounded up to
// a MiB, or `most` when that is less; 0 when there is no larger one.
uint64_t GrownCap(uint64_t cap_bytes, double factor, uint64_t most);

}  // namespace cram
