// How much memory the sub-jobs of this node may use together.
#pragma once

#include <stdint.h>

#include <string>

#include "absl/status/statusor.h"
#include "spank/agent/caps/cgroup_mounts.h"

namespace cram {

struct Budget {
  uint64_t limit_bytes = 0;    // the tightest limit above us
  uint64_t reserve_bytes = 0;  // kept back for the agent
  std::string source;          // "cgroup limit", "Slurm's allocation", ...
  uint64_t bytes() const { return limit_bytes - reserve_bytes; }
};

// `slurm_bytes` is what Slurm says that it allocated, 0 when it says nothing.
// The tightest of: limits of the cgroups above us, slurm_bytes, and, when both
// say nothing or more than the machine has, MemAvailable.
absl::StatusOr<Budget> FindBudget(const MemoryCgroup& cgroup,
                                  uint64_t slurm_bytes);

// 1/32 of the limit, 32 MiB to 1 GiB, never more than a quarter: the agent
// measures under 32 MiB and writes its files through the page cache, which is
// charged to the same limit.
uint64_t ReserveFor(uint64_t limit_bytes);

}  // namespace cram
