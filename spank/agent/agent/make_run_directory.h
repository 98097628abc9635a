// Where a run's files are, and making that directory.
#pragma once

#include "absl/status/status.h"
#include "pack/base/run_directory.h"
#include "spank/agent/agent/options.h"
#include "spank/agent/agent/run.h"
#include "spank/agent/agent/step.h"

namespace cram {

RunDirectory RunDirectoryOf(const AgentOptions& options, const Step& step);

// Sets run->directory. Every agent makes it, for none knows who is the first;
// the root alone copies the manifest into it. In a job that Slurm began again
// it also finds the run that this one goes on with. Errors: it cannot be
// written, or is that of another run.
absl::Status MakeRunDirectory(Run* run);

}  // namespace cram
