// How long sub-jobs may take, without making each.
#pragma once

#include <stdint.h>

#include <vector>

#include "absl/status/statusor.h"
#include "pack/manifest/reader.h"

namespace cram {

// The time limit of each sub-job, by index, in milliseconds; UINT32_MAX (49
// days) is that and more, and none. Empty when all have the same. Costs what
// ForEachTemplateUsed does, and four bytes for each sub-job.
absl::StatusOr<std::vector<uint32_t>> TimeLimits(
    const ManifestReader& manifest);

}  // namespace cram
