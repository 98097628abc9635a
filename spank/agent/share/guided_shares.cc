#include "spank/agent/share/guided_shares.h"

#include <algorithm>
#include <utility>

namespace cram {
namespace {

// Recalls up to `count` from the children that have more unstarted sub-jobs
// than numerator/denominator of their slots, the one that has most first.
std::vector<Recall> RecallAbove(const Children& children, uint64_t count,
                                uint64_t keep_numerator,
                                uint64_t keep_denominator) {
  std::vector<std::pair<uint64_t, uint32_t>> rich;
  for (const auto& [id, child] : children) {
    if (!child.present || child.recalled || child.dry || child.hungry() ||
        child.progress.stopping) {
      continue;
    }
    double keep = static_cast<double>(child.progress.slots) *
                  static_cast<double>(keep_numerator) /
                  static_cast<double>(std::max<uint64_t>(1, keep_denominator));
    // What its idle slots are about to start is on its way there.
    uint64_t kept = std::max(static_cast<uint64_t>(keep), child.idle_slots());
    if (child.unstarted() > kept) {
      rich.emplace_back(child.unstarted() - kept, id);
    }
  }
  std::sort(rich.rbegin(), rich.rend());
  std::vector<Recall> recalls;
  uint64_t coming = 0;
  for (const auto& [spare, id] : rich) {
    if (coming >= count) break;
    uint64_t wanted = std::min(spare, count - coming);
    recalls.push_back({id, wanted});
    coming += wanted;
  }
  return recalls;
}

}  // namespace

uint64_t Child::unstarted() const {
  uint64_t begun = progress.all_finished() + progress.running;
  return holds.size() > begun ? holds.size() - begun : 0;
}

uint64_t Child::idle_slots() const {
  return progress.slots > progress.running ? progress.slots - progress.running
                                           : 0;
}

bool Child::hungry() const { return asking && unstarted() < idle_slots(); }

uint64_t GuidedShare(const Child& child, uint64_t all_slots, uint64_t pool) {
  uint64_t slots = child.progress.slots;
  // A child that is alone gets everything: this is a leaf of the tree.
  if (all_slots == slots) return pool;
  // Not pool * slots, which may be large.
  double part = static_cast<double>(pool) * static_cast<double>(slots) /
                static_cast<double>(std::max<uint64_t>(1, all_slots));
  uint64_t fair = static_cast<uint64_t>(part) + 1;
  uint64_t half = std::max<uint64_t>(static_cast<uint64_t>(part / 2), slots);
  // To many nodes not a piece for one of them after the other, each of which
  // would be asked for again.
  uint64_t missing =
      child.hungry() ? child.idle_slots() - child.unstarted() : 1;
  uint64_t least = std::max<uint64_t>(1, std::min(missing, slots / 8));
  return std::max(least, std::min(fair, half));
}

uint64_t AllSlots(const Children& children) {
  uint64_t slots = 0;
  for (const auto& [id, child] : children) {
    if (!child.lost && !child.progress.stopping) slots += child.progress.slots;
  }
  return slots;
}

std::vector<Recall> RecallsOf(const Children& children, uint64_t count) {
  return RecallAbove(children, count, 0, 1);
}

std::vector<Recall> RecallsForHungry(const Children& children) {
  uint64_t free_slots = 0, hungry_slots = 0, hungry_has = 0;
  uint64_t unstarted = 0, slots = 0;
  for (const auto& [id, child] : children) {
    if (!child.present) continue;
    if (child.recalled) return {};
    unstarted += child.unstarted();
    slots += child.progress.slots;
    if (!child.hungry()) continue;
    free_slots += child.idle_slots() - child.unstarted();
    hungry_slots += child.progress.slots;
    hungry_has += child.unstarted();
  }
  if (free_slots == 0 || unstarted == 0) return {};
  double part = static_cast<double>(unstarted) *
                static_cast<double>(hungry_slots) / static_cast<double>(slots);
  uint64_t missing = static_cast<uint64_t>(part);
  missing = missing > hungry_has ? missing - hungry_has : 0;
  return RecallAbove(children, std::max(missing, free_slots), unstarted, slots);
}

std::optional<uint32_t> Roomiest(const Children& children,
                                 const std::set<uint32_t>& but,
                                 const std::map<uint32_t, Work>& given) {
  std::optional<uint32_t> found;
  double least = 0;
  for (const auto& [id, child] : children) {
    uint32_t slots = child.progress.slots;
    if (!child.present || child.progress.stopping || slots == 0) continue;
    if (but.count(id) != 0) continue;
    uint64_t has = child.progress.running + child.unstarted();
    if (auto more = given.find(id); more != given.end()) {
      has += more->second.size();
    }
    double load = static_cast<double>(has) / slots;
    if (found && load >= least) continue;
    found = id;
    least = load;
  }
  return found;
}

}  // namespace cram
