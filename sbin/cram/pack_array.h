// --array: the tasks of a Slurm job array as sub-jobs.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "pack/manifest/writer.h"
#include "sbin/cram/pack_command.h"

namespace cram {

// A sweep over the tasks, whose template has the script's text and what its
// #SBATCH lines say, where `source`, made of the options, says nothing. `note`
// names what of them has no meaning for a sub-job.
absl::Status AddArray(const PackRequest& request, SubJobTemplate source,
                      ManifestWriter* writer, std::string* note);

}  // namespace cram
