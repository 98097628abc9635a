// cram pack --param ... --where CONDITION
#pragma once

#include <stdint.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "pack/manifest/writer.h"

namespace cram {

// Goes through all combinations of the sweep and packs the first `most` that
// meet every condition, as rows. Errors: a condition that makes no sense; too
// many combinations to go through; none that meets them.
absl::Status AddSweepWhere(const Sweep& sweep,
                           const std::vector<std::string>& conditions,
                           uint32_t template_id, uint64_t most,
                           ManifestWriter* writer);

}  // namespace cram
