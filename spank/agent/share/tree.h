// Who is whose parent: the agents of a run form a tree by their node ids.
#pragma once

#include <stdint.h>

#include <vector>

#include "pack/base/index_set.h"

namespace cram {

// As many as one agent speaks with without effort; a run of 33 nodes has one
// level, one of 98,304 has four.
inline constexpr uint32_t kFanOut = 32;

// Of any node but 0, which is the root.
inline uint32_t ParentOf(uint32_t node) { return (node - 1) / kFanOut; }

// 0 for the root.
uint32_t DepthOf(uint32_t node);

// The nodes whose parent it is, of a run of `nodes`.
std::vector<uint32_t> ChildrenOf(uint32_t node, uint32_t nodes);

// The node ids below it and its own: a range a level.
IndexSet SubtreeOf(uint32_t node, uint32_t nodes);

// Whether `ancestor` is above `node`, or is it.
bool IsInSubtreeOf(uint32_t ancestor, uint32_t node);

}  // namespace cram
