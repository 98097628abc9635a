// Slurm's names of files: slurm-%A_%4a.out.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace cram {

// A text for a SubJobTemplate that makes, for each sub-job of an array, the
// name that slurmstepd would make of `pattern` for the task's batch script: %A,
// %a, %j, %J, %n, %N, %s, %t, %u, %x and %%, with a width as in %4a; other
// characters behind % stay as they are, and a backslash anywhere means that
// nothing is filled in. But that all sub-jobs run in one job, so that %j, which
// would be another for each, is that job and the task: 4_17. `task` is the
// parameter that has the task.
std::string FilePatternText(absl::string_view pattern,
                            absl::string_view job_name, absl::string_view task);

}  // namespace cram
