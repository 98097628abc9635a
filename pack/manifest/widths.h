// Which sub-jobs have several ranks, without reading each.
#pragma once

#include <stdint.h>

#include <map>

#include "absl/status/statusor.h"
#include "pack/base/index_set.h"
#include "pack/manifest/reader.h"

namespace cram {

// By the CPUs that all their ranks need together. Costs what
// ForEachTemplateUsed does.
absl::StatusOr<std::map<uint64_t, IndexSet>> SeveralRanks(
    const ManifestReader& manifest);

}  // namespace cram
