// Caps by sampling, where no memory cgroup can be had.
#pragma once

#include <memory>
#include <string>

#include "spank/agent/caps/caps.h"
#include "spank/agent/caps/idle_files.h"
#include "spank/agent/caps/left_files.h"
#include "spank/agent/caps/oom_kills.h"
#include "spank/agent/caps/process_table.h"
#include "spank/agent/caps/seen_files.h"

namespace cram {

// Sums the resident memory of the sub-job's processes and looks again no later
// than it could reach its cap at 4 GiB/s, the fastest that one core was seen
// to touch fresh pages; so a sub-job far below its cap costs next to nothing
// and one near it is watched closely. Memory that is shared between the
// sub-job's processes is counted once before it is killed for it. Softer than
// a cgroup by nature: it sees memory only after it was taken. Files in the
// attempt's own directory count where that is in a tmpfs, and so do those
// without a name that its processes have open, nameless_files.h; files in
// /dev/shm it counts to the sub-job that it saw them with, seen_files.h, and
// these go with it; what it saw with nobody, and nobody uses, is counted to the
// node.
class WatchdogCaps : public Caps {
 public:
  absl::string_view name() const override { return "watchdog"; }
  absl::StatusOr<std::unique_ptr<SlotCap>> MakeSlot(uint32_t slot) override;

 private:
  ProcessTable processes_;
  OomKills kills_{FindMemoryCgroup()};
  IdleFiles idle_{kSharedMemory};
  SeenFiles seen_{kSharedMemory};
};

// When to look again at a sub-job that uses `used` of `cap` bytes. Pure.
absl::Duration NextLook(uint64_t used, uint64_t cap);

}  // namespace cram
