// The process that Slurm started: it starts the agent as its child, and cleans
// up after it however it ended.
#pragma once

#include "absl/time/time.h"
#include "spank/agent/agent/options.h"
#include "spank/agent/agent/step.h"

namespace cram {

// Returns the exit status of the task: the agent's, or 3 when the agent was
// killed: then nothing that it started is left, and the other nodes go on.
// (Without it, srun would end with 137, and sub-jobs that had left their
// session would live on.)
int KeepAgent(const AgentOptions& options, const Step& step);

// Removes the files that the keeper of the step, which began at `start`, would
// have removed, had it not been killed with all others.
void SweepAfterKeeper(const Step& step, absl::Time start);

}  // namespace cram
