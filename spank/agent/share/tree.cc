#include "spank/agent/share/tree.h"

#include <stdlib.h>

#include <algorithm>

#include "absl/strings/numbers.h"

namespace cram {

Tree Tree::FromEnvironment(uint32_t nodes) {
  const char* text = getenv("CRAM_FAN_OUT");
  uint32_t fan_out;
  if (text == nullptr || !absl::SimpleAtoi(text, &fan_out) || fan_out < 1 ||
      fan_out > 1024) {
    fan_out = kFanOut;
  }
  return Tree(nodes, fan_out);
}

std::vector<uint32_t> Tree::ChildrenOf(uint32_t node) const {
  std::vector<uint32_t> children;
  uint64_t first = uint64_t{node} * fan_out_ + 1;
  for (uint64_t i = first; i < first + fan_out_ && i < nodes_; ++i) {
    children.push_back(static_cast<uint32_t>(i));
  }
  return children;
}

IndexSet Tree::SubtreeOf(uint32_t node) const {
  IndexSet subtree;
  uint64_t begin = node, end = uint64_t{node} + 1;
  while (begin < nodes_) {
    subtree.Add({begin, std::min<uint64_t>(end, nodes_)});
    begin = begin * fan_out_ + 1;
    end = end * fan_out_ + 1;
  }
  return subtree;
}

}  // namespace cram
