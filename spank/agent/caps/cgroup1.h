// Caps by the memory controller of cgroup v1.
#pragma once

#include <memory>
#include <string>

#include "spank/agent/caps/caps.h"

namespace cram {

// One leaf directory a slot below `directory`, which this user must be able to
// make directories in; leaves are made once, reused by the attempts of their
// slot, and removed at the end. Kernel rules: Documentation/admin-guide/
// cgroup-v1/memory.rst. In particular:
//  - memory.limit_in_bytes limits; where swap is accounted,
//    memory.memsw.limit_in_bytes is set to the same, which forbids swap;
//  - an eventfd registered on memory.oom_control fires when the leaf, or a
//    cgroup above it, runs out; the kernel kills one process only, so the
//    agent kills the others;
//  - memory.max_usage_in_bytes is the peak and is reset by writing to it; it
//    includes page cache, of which the last attempt may leave some behind.
class Cgroup1Caps : public Caps {
 public:
  // Fails when a leaf cannot be made, limited and entered: the caller falls
  // back.
  static absl::StatusOr<std::unique_ptr<Cgroup1Caps>> Create(
      std::string directory);

  absl::string_view name() const override { return "cgroup/v1"; }
  absl::StatusOr<std::unique_ptr<SlotCap>> MakeSlot(uint32_t slot) override;

 private:
  explicit Cgroup1Caps(std::string directory)
      : directory_(std::move(directory)) {}
  std::string directory_;
};

// Which limit it was, when the kernel has killed a process of a leaf: the
// leaf's own when all of it was in use at some time (the counters of failed
// charges stay 0 on recent kernels), one above when there was an event, as that
// comes to every cgroup below the one that ran out, and else the host's. Pure.
CapVerdict JudgeKill(bool was_full, bool saw_event);

}  // namespace cram
