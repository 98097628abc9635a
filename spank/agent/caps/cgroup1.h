// Caps by the memory controller of cgroup v1.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pack/base/fd.h"
#include "spank/agent/caps/caps.h"

namespace cram {

// One leaf directory a slot below `directory`, used by the attempts of its slot
// one after the other.
//
// In a step the plugin has made the leaves, and neither limits nor entry are
// this user's: they are used through descriptors, which a sub-job does not
// have. Alone, leaves are made here, this user's, and removed at the end.
//
// Kernel rules: Documentation/admin-guide/cgroup-v1/memory.rst. In particular:
//  - memory.limit_in_bytes limits; where swap is accounted,
//    memory.memsw.limit_in_bytes is set to the same, which forbids swap;
//  - who has one thread and writes "0" to tasks enters at once; by cgroup.procs
//    it waits for all threads of the machine that may be forking, some 10 ms;
//  - an eventfd registered on memory.oom_control fires when the leaf, or a
//    cgroup above it, runs out; the kernel kills one process only, so the
//    agent kills the others;
//  - memory.max_usage_in_bytes is the peak and is reset by writing to it, to
//    what is in use: page cache of the attempts before, too (kept_cache.h).
class Cgroup1Caps : public Caps {
 public:
  // `files`, if any, are for each leaf one after the other: tasks,
  // memory.limit_in_bytes, memory.max_usage_in_bytes and, where there is such a
  // file, memory.memsw.limit_in_bytes.
  //
  // Fails when a leaf cannot be made, limited and entered: the caller falls
  // back.
  static absl::StatusOr<std::unique_ptr<Cgroup1Caps>> Create(
      std::string directory, std::vector<UniqueFd> files);

  absl::string_view name() const override { return "cgroup/v1"; }
  absl::StatusOr<std::unique_ptr<SlotCap>> MakeSlot(uint32_t slot) override;

 private:
  Cgroup1Caps(std::string directory, std::vector<UniqueFd> files)
      : directory_(std::move(directory)), files_(std::move(files)) {}

  std::string directory_;
  std::vector<UniqueFd> files_;
};

// Which limit it was, when the kernel has killed a process of a leaf: the
// leaf's own when all of it was in use at some time (the counters of failed
// charges stay 0 on recent kernels), one above when there was an event, as that
// comes to every cgroup below the one that ran out, and else the host's. Pure.
CapVerdict JudgeKill(bool was_full, bool saw_event);

}  // namespace cram
