// The sub-jobs that `cram pack` makes of its input.
#pragma once

#include <stdint.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pack/manifest/writer.h"
#include "sbin/cram/pack_command.h"

namespace cram {

// That of --sample, --design and --seed, with their defaults.
absl::StatusOr<Sample> MakeSample(const PackRequest& request);

// Adds all sub-jobs of --param, --csv or --lines, or one; of a dry run, only as
// many rows as it shows. Errors say where: option, or file and line.
absl::Status AddInput(const PackRequest& request, uint32_t template_id,
                      ManifestWriter* writer);

}  // namespace cram
