// Variables of an environment that say nothing of a sub-job.
#pragma once

#include "absl/strings/string_view.h"

namespace cram {

// What was true of the shell or the job step that packed, and of nothing since
// (PWD, SHLVL, SLURM_*, PMI*, ...), and what cannot be a variable's name. Of a
// whole environment that is packed, these are left out.
bool IsForeignVariable(absl::string_view name);

}  // namespace cram
