// Who has what when a run begins, without a word said.
#pragma once

#include <stdint.h>

#include "absl/status/status.h"
#include "pack/base/index_set.h"
#include "spank/agent/agent/run.h"
#include "spank/agent/share/work.h"

namespace cram {

// Looks in the manifest for what is in nobody's first share, and for the order:
// run->of_ranks, wide and order. `cpus`: of this node. To be called when
// run->left is known, and before all that follows. Errors: the manifest cannot
// be read.
absl::Status PlanFirstWork(Run* run, uint32_t cpus);

// Every agent computes the same: a sub-job of the run is in the first work of
// one node, or in the root's pool, or in what waits at the root until that is
// given out.
Work FirstWork(const Run& run, const IndexSet& nodes);
Work RootsPool(const Run& run);
Work BehindRootsPool(const Run& run);

// This node's; nothing when it came late, which nobody else knows.
Work OwnFirstWork(const Run& run);

}  // namespace cram
