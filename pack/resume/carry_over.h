// The start of a run that goes on with an earlier one.
#pragma once

#include <stdint.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pack/base/index_set.h"
#include "pack/base/run_directory.h"
#include "pack/manifest/reader.h"
#include "pack/resume/earlier_run.h"

namespace cram {

struct CarriedOver {
  IndexSet left;  // what is to be run, of the new manifest
  // Of `left`, what EarlierRun::cut_off() says; of another manifest nothing.
  IndexSet cut_off;
  uint64_t completed = 0;  // what is not
};

// Writes journal.resumed of the run `to`: the records of all that `earlier`
// has completed and that `manifest` asks for, under its new indexes. The file
// is there when it is whole, or not at all. `manifest` has its default command,
// `same_command` says that it is that of the earlier run, and no variables.
// Errors: a manifest that cannot be read to its end; the file cannot be
// written.
absl::StatusOr<CarriedOver> CarryOver(EarlierRun* earlier,
                                      ManifestReader* manifest,
                                      bool same_command,
                                      const RunDirectory& to);

}  // namespace cram
