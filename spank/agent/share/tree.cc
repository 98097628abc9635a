#include "spank/agent/share/tree.h"

#include <algorithm>

namespace cram {

uint32_t DepthOf(uint32_t node) {
  uint32_t depth = 0;
  for (; node != 0; node = ParentOf(node)) ++depth;
  return depth;
}

std::vector<uint32_t> ChildrenOf(uint32_t node, uint32_t nodes) {
  std::vector<uint32_t> children;
  uint64_t first = uint64_t{node} * kFanOut + 1;
  for (uint64_t i = first; i < first + kFanOut && i < nodes; ++i) {
    children.push_back(static_cast<uint32_t>(i));
  }
  return children;
}

IndexSet SubtreeOf(uint32_t node, uint32_t nodes) {
  IndexSet subtree;
  uint64_t begin = node, end = uint64_t{node} + 1;
  while (begin < nodes) {
    subtree.Add({begin, std::min<uint64_t>(end, nodes)});
    begin = begin * kFanOut + 1;
    end = end * kFanOut + 1;
  }
  return subtree;
}

bool IsInSubtreeOf(uint32_t ancestor, uint32_t node) {
  while (node > ancestor) node = ParentOf(node);
  return node == ancestor;
}

}  // namespace cram
