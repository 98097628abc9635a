// What a node runs before anybody has told it anything.
#pragma once

#include <stdint.h>

#include "pack/base/index_set.h"

namespace cram {

// Every agent computes the same from the same numbers, so that launching needs
// no communication. The first shares of all nodes together are half of the
// sub-jobs (one for each node when there are few), and are dealt out in a few
// rounds: where the first places (order.h) have the long ones, each node has
// its part of them. What is behind them is the pool, of which the root gives
// out ever smaller shares.
IndexSet FirstShare(uint64_t subjobs, uint32_t nodes, uint32_t node_id);
IndexRange FirstPool(uint64_t subjobs, uint32_t nodes);
// Those of several nodes together.
IndexSet FirstShares(uint64_t subjobs, uint32_t nodes, const IndexSet& ids);

}  // namespace cram
