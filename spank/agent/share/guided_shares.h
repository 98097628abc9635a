// Guided self-scheduling: how much of what there is a child is given, and from
// whom how much is to come back for others.
#pragma once

#include <stdint.h>

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "spank/agent/share/progress.h"
#include "spank/agent/share/work.h"

namespace cram {

// A child as its Subtree knows it. The subtree's own node is one, too.
struct Child {
  Work holds;
  Progress progress;     // as it last reported
  bool present = false;  // it can be spoken to
  bool asking = false;
  bool recalled = false;  // an answer is on its way
  bool dry = false;       // it had nothing when asked; until it says more
  bool lost = false;

  uint64_t unstarted() const;
  uint64_t idle_slots() const;
  // It asks, and what it has is not enough for its slots.
  bool hungry() const;
};
using Children = std::map<uint32_t, Child>;

// Arithmetic only: nothing is moved here. Counts are of sub-jobs.

// Of a pool of so many, for a child that asks: half of its part, by its slots
// of `all_slots`, so that shares shrink as the pool does; at the end all of its
// part, so that none waits for the next message. All of it for one that is
// alone.
uint64_t GuidedShare(const Child& child, uint64_t all_slots, uint64_t pool);
// The slots of all that may run anything.
uint64_t AllSlots(const Children& children);

struct Recall {
  uint32_t child;
  uint64_t count;
};
// Up to `count` of what waits anywhere, from who has most first. What idle
// slots are about to start stays.
std::vector<Recall> RecallsOf(const Children& children, uint64_t count);
// When slots are idle and there is no pool: from those that have more waiting
// than their part, for those that are hungry. Nothing while an answer is on its
// way: it may be enough.
std::vector<Recall> RecallsForHungry(const Children& children);

// The one that will soonest have a free slot, as far as it can be said, were it
// given those as well; not one of `but`.
std::optional<uint32_t> Roomiest(const Children& children,
                                 const std::set<uint32_t>& but,
                                 const std::map<uint32_t, Work>& given);

}  // namespace cram
