#include "spank/agent/share/first_share.h"

#include <algorithm>

namespace cram {
namespace {

uint64_t Each(uint64_t subjobs, uint32_t nodes) {
  return std::max<uint64_t>(1, subjobs / nodes / 2);
}

}  // namespace

IndexRange FirstShare(uint64_t subjobs, uint32_t nodes, uint32_t node_id) {
  uint64_t each = Each(subjobs, nodes);
  return {std::min(subjobs, node_id * each),
          std::min(subjobs, (node_id + 1) * each)};
}

IndexRange FirstPool(uint64_t subjobs, uint32_t nodes) {
  return {std::min(subjobs, nodes * Each(subjobs, nodes)), subjobs};
}

IndexSet FirstShares(uint64_t subjobs, uint32_t nodes, const IndexSet& ids) {
  uint64_t each = Each(subjobs, nodes);
  IndexSet shares;
  for (const auto& [begin, end] : ids.ranges()) {
    shares.Add(
        {std::min(subjobs, begin * each), std::min(subjobs, end * each)});
  }
  return shares;
}

}  // namespace cram
