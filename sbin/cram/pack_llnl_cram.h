// --from-cram: the jobs of LLNL's Cram as sub-jobs.
#pragma once

#include <stdint.h>

#include "absl/status/status.h"
#include "pack/manifest/writer.h"
#include "sbin/cram/pack_command.h"

namespace cram {

// A row for each of the first `most` jobs: arguments, directory, processes as
// ranks, and changes to the environment of the first, which is set for all but
// for what belongs to a shell or to a job step (SLURM_*, PMI*, PWD, ...). The
// command after -- takes the place of the program in jobs that name none.
absl::Status AddLlnlCram(const PackRequest& request, SubJobTemplate source,
                         uint64_t most, ManifestWriter* writer);

}  // namespace cram
