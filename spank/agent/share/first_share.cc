#include "spank/agent/share/first_share.h"

#include <algorithm>

namespace cram {
namespace {

// A range each in what agents remember of the others.
constexpr uint64_t kRounds = 16;

uint64_t Each(uint64_t subjobs, uint32_t nodes) {
  return std::max<uint64_t>(1, subjobs / nodes / 2);
}

}  // namespace

IndexSet FirstShare(uint64_t subjobs, uint32_t nodes, uint32_t node_id) {
  return FirstShares(subjobs, nodes, IndexSet({node_id, node_id + 1}));
}

IndexRange FirstPool(uint64_t subjobs, uint32_t nodes) {
  return {std::min(subjobs, nodes * Each(subjobs, nodes)), subjobs};
}

IndexSet FirstShares(uint64_t subjobs, uint32_t nodes, const IndexSet& ids) {
  uint64_t each = Each(subjobs, nodes);
  IndexSet shares;
  for (uint64_t round = 0; round < kRounds; ++round) {
    uint64_t before = each * round / kRounds;
    uint64_t now = each * (round + 1) / kRounds - before;
    if (now == 0) continue;
    for (const auto& [begin, end] : ids.ranges()) {
      shares.Add({std::min(subjobs, before * nodes + begin * now),
                  std::min(subjobs, before * nodes + end * now)});
    }
  }
  return shares;
}

}  // namespace cram
