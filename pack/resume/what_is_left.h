// What a run did not complete, as a manifest.
#pragma once

#include <stdint.h>

#include <string>

#include "absl/status/statusor.h"
#include "pack/resume/earlier_run.h"

namespace cram {

struct WhatIsLeft {
  uint64_t subjobs = 0;  // 0: nothing, and nothing was written
  uint64_t bytes = 0;    // of the manifest
};

// Reads the run's journals and writes to `path`, in one step, the sub-jobs that
// have no COMPLETED record, as CopySubJobs does; first those that were cut off,
// which are the long ones. Does not ask whether the run is over. Errors:
// another writer is at `path`; it cannot be written.
absl::StatusOr<WhatIsLeft> WriteWhatIsLeft(EarlierRun* run,
                                           const std::string& path);

}  // namespace cram
