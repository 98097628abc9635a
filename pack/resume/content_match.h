// Which sub-job of one manifest is which of another, by what they do.
#pragma once

#include <stdint.h>

#include <vector>

#include "absl/status/statusor.h"
#include "pack/base/index_set.h"
#include "pack/manifest/reader.h"

namespace cram {

// No sub-job.
inline constexpr uint64_t kNowhere = UINT64_MAX;

// Whether each sub-job of one is the one of the same index in the other.
bool IsTheSame(const ManifestReader& from, const ManifestReader& to,
               bool same_command);

// For each sub-job of `from`, up to the highest of `wanted`, its index in `to`;
// kNowhere for what is not wanted or not there. Sub-jobs are the same when
// their content hashes are. What stands in `to` k times is matched at most k
// times, in the order of the indexes; in a manifest that is the same, each is
// itself. Both readers have their default command and no variables of the run:
// a hash must not depend on the node that computes it. Holds 24 bytes for each
// sub-job of both.
absl::StatusOr<std::vector<uint64_t>> MatchContent(ManifestReader* from,
                                                   const IndexSet& wanted,
                                                   ManifestReader* to,
                                                   bool same_command);

}  // namespace cram
