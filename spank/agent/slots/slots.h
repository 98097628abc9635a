// Admission: which sub-job may start on this node now.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <optional>
#include <vector>

namespace cram {

// What a running sub-job holds. `cpus` are positions in the node's list of
// CPUs (0 .. cpus-1), in ascending order.
struct SlotClaim {
  uint32_t slot = 0;
  std::vector<uint32_t> cpus;
  uint64_t bytes = 0;
};

// Counts only: the caller pins and caps. The sum of claimed bytes never
// exceeds the budget, nor the running sub-jobs the slots. With more slots
// than CPUs, CPUs are shared evenly; else no CPU is given twice.
class Slots {
 public:
  // `slots` 0: one for each CPU. `cpus` is at least 1.
  Slots(uint32_t cpus, uint64_t budget_bytes, uint32_t slots);

  uint32_t cpus() const { return static_cast<uint32_t>(load_.size()); }
  uint32_t slots() const { return slots_; }
  uint64_t budget_bytes() const { return budget_; }
  uint32_t running() const { return running_; }

  // CPUs of a sub-job that does not say: the node's CPUs / slots, at least 1.
  uint32_t DefaultCpus() const;
  // Cap of a sub-job that wants `cpus` and does not say: the budget / as many
  // of its kind as can run at once.
  uint64_t DefaultCap(uint32_t cpus) const;

  // Whether it could run on the empty node.
  bool Fits(uint32_t cpus, uint64_t bytes) const;

  // The lowest free slot, on the least used CPUs; nothing when there is no
  // room now.
  std::optional<SlotClaim> Take(uint32_t cpus, uint64_t bytes);
  void Release(const SlotClaim& claim);

 private:
  uint32_t slots_;
  uint64_t budget_;
  uint64_t free_bytes_;
  uint32_t capacity_;  // of all CPUs together, in sub-job CPUs
  uint32_t used_ = 0;  // of the capacity
  uint32_t running_ = 0;
  std::vector<uint32_t> load_;  // sub-jobs on each CPU
  std::vector<bool> slot_used_;
};

}  // namespace cram
