// Who is whose parent: the agents of a run form a tree by their node ids.
#pragma once

#include <stdint.h>

#include <vector>

#include "pack/base/index_set.h"

namespace cram {

class Tree {
 public:
  // As many as one agent speaks with without effort; a run of 33 nodes has one
  // level, one of 98,304 has four.
  static constexpr uint32_t kFanOut = 32;

  explicit Tree(uint32_t nodes, uint32_t fan_out = kFanOut)
      : nodes_(nodes), fan_out_(fan_out) {}
  // With $CRAM_FAN_OUT, 1 to 1024. All agents of a run must have the same.
  static Tree FromEnvironment(uint32_t nodes);

  uint32_t nodes() const { return nodes_; }
  // Of any node but 0, which is the root.
  uint32_t ParentOf(uint32_t node) const { return (node - 1) / fan_out_; }
  std::vector<uint32_t> ChildrenOf(uint32_t node) const;
  // The node ids below it and its own: a range a level.
  IndexSet SubtreeOf(uint32_t node) const;

 private:
  uint32_t nodes_, fan_out_;
};

}  // namespace cram
