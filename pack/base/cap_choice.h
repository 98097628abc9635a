// Which memory cap serves sub-jobs best whose peaks were measured. Pure.
#pragma once

#include <stdint.h>

#include <vector>

namespace cram {

// A cap for the next sub-job like one that completed with this peak under this
// cap: the peak and a quarter, at least 64 MiB, rounded up to 16 MiB; but the
// cap that was enough is enough, whatever the peak. (A peak has page cache in
// it, which grows to the cap and is no reason for a larger one.)
uint64_t CapThatHolds(uint64_t peak_bytes, uint64_t cap_bytes);

// `caps`, ascending and not empty, would have held one sub-job each. The one
// of them with which all of these sub-jobs together would have used the least
// of the node: each runs once under the chosen cap, and those that it does not
// hold (at most one in ten) once more under their own. A run uses its cap, or
// `share` when that is more: CPUs are what is short then. Of equals the
// largest.
uint64_t CheapestCap(const std::vector<uint64_t>& caps, uint64_t share);

}  // namespace cram
