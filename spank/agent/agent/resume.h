// Going on with an earlier run.
#pragma once

#include "absl/status/status.h"
#include "spank/agent/agent/run.h"

namespace cram {

// When the run goes on with another one: says what is left (run->left, which is
// complete at the root only), and at the root carries the records of what is
// not over to the new run directory. To be called when that has this node's
// journal. Errors: the earlier run still runs, or cannot be read.
absl::Status Resume(Run* run);

// In a job that Slurm began again: the run directory of this step's run before,
// in `parent`; empty when there is none.
std::string RunBeforeRestart(const Step& step, const std::string& parent);

}  // namespace cram
