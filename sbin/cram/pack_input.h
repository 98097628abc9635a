// The sub-jobs that `cram pack` makes of its input.
#pragma once

#include <stdint.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pack/manifest/writer.h"
#include "sbin/cram/pack_command.h"

namespace cram {

// That of --sample, --design and --seed, with their defaults.
absl::StatusOr<Sample> MakeSample(const PackRequest& request);

// Adds all sub-jobs of the input, or one; of a dry run, only as many rows as it
// shows. `source` is what the options say of all of them, to which some inputs
// add. Errors say where: option, or file and line. `note` becomes what the user
// should know although all is well, in a line; empty if nothing.
absl::Status AddInput(const PackRequest& request, SubJobTemplate source,
                      ManifestWriter* writer, std::string* note);

}  // namespace cram
