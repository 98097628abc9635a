#include "spank/agent/share/subtree.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace cram {
namespace {

constexpr uint32_t kNobody = UINT32_MAX;

}  // namespace

uint64_t Subtree::Child::unstarted() const {
  uint64_t begun = progress.all_finished() + progress.running;
  return holds.size() > begun ? holds.size() - begun : 0;
}

uint64_t Subtree::Child::idle_slots() const {
  return progress.slots > progress.running ? progress.slots - progress.running
                                           : 0;
}

bool Subtree::Child::hungry() const {
  return asking && unstarted() < idle_slots();
}

// ---- Children come and go

void Subtree::AddChild(uint32_t id, Work holds, uint32_t slots) {
  Child& child = children_[id];
  child.holds = std::move(holds);
  child.progress.slots = slots;
}

void Subtree::Joined(uint32_t id, const Work& holds) {
  Child& child = children_.at(id);
  if (child.lost) return;
  Work not_there = std::move(child.holds);
  child.holds = not_there.Take(holds.indexes());
  pool_.AddAll(not_there);
  child.present = true;
  child.asking = child.recalled = child.dry = false;
  Serve();
}

void Subtree::Adopt(uint32_t id, const Work& holds, uint32_t from) {
  Child& child = children_[id];
  Child& lost = children_.at(from);
  child.holds = lost.holds.Take(holds.indexes());
  child.holds.Learn(holds);
  // It counted what this one will report.
  lost.progress = Progress();
  child.present = true;
  Serve();
}

void Subtree::Missing(uint32_t id) {
  Child& child = children_.at(id);
  child.present = child.asking = child.recalled = false;
  child.progress.running = child.progress.slots = 0;
  Serve();
}

void Subtree::Lost(uint32_t id, const Work& again,
                   const std::array<uint64_t, kStates>& finished) {
  Child& child = children_.at(id);
  child.lost = true;
  child.present = child.asking = child.recalled = false;
  child.progress = Progress();
  child.progress.finished = finished;
  child.holds.Remove(again.indexes());
  pool_.AddAll(again);
  Serve();
}

std::vector<uint32_t> Subtree::Unneeded() const {
  std::vector<uint32_t> unneeded;
  if (stopped_ || finished_ || doubt_ || !failed_.empty() ||
      Totals().unstarted > 0) {
    return unneeded;
  }
  for (const auto& [id, child] : children_) {
    if (child.recalled) return {};
    if (child.present && child.progress.running == 0 &&
        child.progress.all_finished() >= child.holds.size()) {
      unneeded.push_back(id);
    }
  }
  return unneeded;
}

void Subtree::Retire(uint32_t id) {
  neighbours_->Finish(id);
  std::array<uint64_t, kStates> finished = children_.at(id).progress.finished;
  Lost(id, Work(), finished);
}

// ---- What children say

void Subtree::Ask(uint32_t id) {
  Child& child = children_.at(id);
  if (child.lost) return;
  child.present = child.asking = true;
  Serve();
}

void Subtree::Report(uint32_t id, const Progress& progress) {
  Child& child = children_.at(id);
  if (child.lost) return;
  child.present = true;
  child.progress = progress;
  if (progress.unstarted > 0) child.dry = false;
  if (progress.stopping) child.asking = false;
  Serve();
}

void Subtree::Returned(uint32_t id, const Work& work) {
  Child& child = children_.at(id);
  if (child.lost) return;
  child.recalled = false;
  child.dry = work.empty();
  // It cannot return what it does not hold.
  Work back = child.holds.Take(work.indexes());
  back.Learn(work);
  pool_.AddAll(back);
  Serve();
}

void Subtree::RunElsewhere(uint32_t id, const Work& work) {
  Child& child = children_.at(id);
  if (child.lost) return;
  Work moved = child.holds.Take(work.indexes());
  moved.Learn(work);
  failed_[id].AddAll(moved);
  Serve();
}

void Subtree::GiveTo(uint32_t id, const IndexSet& indexes) {
  Work share = pool_.Take(indexes);
  share.AddAll(behind_.Take(indexes));
  if (!share.empty()) Give(id, share);
}

void Subtree::Give(uint32_t id, const Work& work) {
  children_.at(id).holds.AddAll(work);
  neighbours_->Grant(id, work);
}

// Gives what failed somewhere to children on whose nodes it did not, but not to
// `but`. Returns the rest.
Work Subtree::Place(const Work& work, uint32_t but) {
  Work rest = work;
  std::map<uint32_t, Work> shares;
  for (const auto& [index, tried] : work.tried()) {
    if (tried.failed_on == 0) continue;
    std::optional<uint32_t> child =
        Roomiest({but, tried.failed_on - 1}, shares);
    if (!child) continue;
    shares[*child].Add(index, tried);
    rest.Remove(IndexSet({index, index + 1}));
  }
  for (const auto& [child, share] : shares) Give(child, share);
  return rest;
}

// The one that will soonest have a free slot, as far as it can be said.
std::optional<uint32_t> Subtree::Roomiest(
    const std::set<uint32_t>& but,
    const std::map<uint32_t, Work>& given) const {
  std::optional<uint32_t> found;
  double least = 0;
  for (const auto& [id, child] : children_) {
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

bool Subtree::OthersMayRun(uint32_t id) const {
  return std::any_of(children_.begin(), children_.end(), [id](const auto& one) {
    return one.first != id && !one.second.lost && !one.second.progress.stopping;
  });
}

// ---- What the parent says

void Subtree::Granted(const Work& work) {
  asked_ = false;
  Work rest = stopped_ || doubt_ || finished_ ? work : Place(work, kNobody);
  pool_.AddAll(rest);
  // Nobody else is there: it failed here, and is run here.
  for (const auto& [index, tried] : rest.tried()) {
    auto child = children_.find(tried.failed_on - 1);
    if (child == children_.end() || child->second.lost) continue;
    GiveTo(child->first, IndexSet({index, index + 1}));
  }
  Serve();
}

void Subtree::Recalled(uint64_t count) {
  recalled_ = count;
  parent_waits_ = true;
  Serve();
}

void Subtree::Finish() {
  if (finished_) return;
  finished_ = true;
  for (const auto& [id, child] : children_) {
    if (!child.lost) neighbours_->Finish(id);
  }
}

void Subtree::ParentMissing() { parent_here_ = parent_waits_ = false; }

void Subtree::ParentJoined() {
  parent_here_ = true;
  asked_ = parent_waits_ = false;
  Serve();
}

void Subtree::Doubt(bool doubt) {
  doubt_ = doubt;
  Serve();
}

void Subtree::BecomeRoot() {
  root_ = true;
  ParentMissing();
  Serve();
}

void Subtree::Stop() {
  stopped_ = true;
  Serve();
}

// ---- Sums

Work Subtree::Holds() const {
  Work all = pool_;
  all.AddAll(behind_);
  for (const auto& [id, work] : failed_) all.AddAll(work);
  for (const auto& [id, child] : children_) all.AddAll(child.holds);
  return all;
}

Progress Subtree::Totals() const {
  Progress totals;
  totals.unstarted = pool_.size() + behind_.size();
  totals.stopping = stopped_;
  for (const auto& [id, child] : children_) {
    const Progress& progress = child.progress;
    for (size_t i = 0; i < kStates; ++i) {
      totals.finished[i] += progress.finished[i];
    }
    if (child.lost) continue;
    totals.unstarted += child.unstarted();
    totals.running += progress.running;
    if (!progress.stopping) totals.slots += progress.slots;
    totals.stopping = totals.stopping && progress.stopping;
  }
  return totals;
}

bool Subtree::IsLeftTo(uint32_t id) const { return root_ && !OthersMayRun(id); }

// ---- Giving

void Subtree::Serve() {
  if (finished_ || doubt_) return;
  if (parent_waits_) AnswerParent();
  if (!stopped_) {
    ServeFailed();
    ServeAskers(true);
    if (!parent_waits_) ServeAskers(false);
    RelieveRich();
    if (parent_here_) SpeakToParent();
  }
  if (root_) FinishIfDone();
}

bool Subtree::HasPool() {
  if (pool_.empty()) pool_ = std::exchange(behind_, Work());
  return !pool_.empty();
}

void Subtree::ServeFailed() {
  for (auto& [id, work] : std::exchange(failed_, {})) {
    Work rest = Place(work, id);
    if (rest.empty()) continue;
    if (parent_here_) {
      neighbours_->RunElsewhereAbove(rest);
    } else if (!root_ || OthersMayRun(id) || children_.at(id).lost) {
      failed_[id] = std::move(rest);
    } else {
      Give(id, rest);
    }
  }
}

void Subtree::ServeAskers(bool hungry) {
  uint64_t all_slots = 0;
  for (const auto& [id, child] : children_) {
    if (!child.lost && !child.progress.stopping) {
      all_slots += child.progress.slots;
    }
  }
  for (auto& [id, child] : children_) {
    if (!HasPool()) return;
    if (!child.asking || child.hungry() != hungry) continue;
    GrantTo(id, &child, all_slots);
  }
}

// What failed there is for others, as long as there are any.
Work Subtree::TakeFor(uint32_t id, uint64_t count) {
  if (!OthersMayRun(id)) return pool_.TakeFront(count);
  Work failed = pool_.Take(pool_.FailedOn(id));
  Work share = pool_.TakeFront(count);
  pool_.AddAll(failed);
  return share;
}

void Subtree::GrantTo(uint32_t id, Child* child, uint64_t all_slots) {
  uint64_t slots = child->progress.slots;
  uint64_t pool = pool_.size();
  // A child that is alone gets everything: this is a leaf of the tree.
  bool alone = all_slots == slots;
  // Not pool * slots, which may be large.
  double part = static_cast<double>(pool) * static_cast<double>(slots) /
                static_cast<double>(std::max<uint64_t>(1, all_slots));
  uint64_t fair = static_cast<uint64_t>(part) + 1;
  uint64_t half = std::max<uint64_t>(static_cast<uint64_t>(part / 2), slots);
  // To many nodes not a piece for one of them after the other, each of which
  // would be asked for again.
  uint64_t missing =
      child->hungry() ? child->idle_slots() - child->unstarted() : 1;
  uint64_t least = std::max<uint64_t>(1, std::min(missing, slots / 8));
  uint64_t count = std::max(least, std::min(fair, half));
  Work share = TakeFor(id, alone ? pool : count);
  if (share.empty()) return;
  child->holds.AddAll(share);
  child->asking = child->dry = false;
  neighbours_->Grant(id, share);
}

// Recalls up to `count` from the children that have more unstarted sub-jobs
// than numerator/denominator of their slots, the one that has most first.
uint64_t Subtree::RecallFrom(uint64_t count, uint64_t keep_numerator,
                             uint64_t keep_denominator) {
  std::vector<std::pair<uint64_t, uint32_t>> rich;
  for (const auto& [id, child] : children_) {
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
  uint64_t coming = 0;
  for (const auto& [spare, id] : rich) {
    if (coming >= count) break;
    uint64_t wanted = std::min(spare, count - coming);
    children_.at(id).recalled = true;
    neighbours_->Recall(id, wanted);
    coming += wanted;
  }
  return coming;
}

void Subtree::RelieveRich() {
  uint64_t free_slots = 0, hungry_slots = 0, hungry_has = 0;
  uint64_t unstarted = 0, slots = 0;
  for (const auto& [id, child] : children_) {
    if (!child.present) continue;
    // What comes back may be enough for all who ask.
    if (child.recalled) return;
    unstarted += child.unstarted();
    slots += child.progress.slots;
    if (!child.hungry()) continue;
    free_slots += child.idle_slots() - child.unstarted();
    hungry_slots += child.progress.slots;
    hungry_has += child.unstarted();
  }
  if (free_slots == 0 || unstarted == 0) return;
  double part = static_cast<double>(unstarted) *
                static_cast<double>(hungry_slots) / static_cast<double>(slots);
  uint64_t missing = static_cast<uint64_t>(part);
  missing = missing > hungry_has ? missing - hungry_has : 0;
  RecallFrom(std::max(missing, free_slots), unstarted, slots);
}

void Subtree::AnswerParent() {
  if (!stopped_ && pool_.size() < recalled_) {
    for (const auto& [id, child] : children_) {
      if (child.recalled) return;
    }
    if (pool_.empty() && RecallFrom(recalled_, 0, 1) > 0) return;
  }
  parent_waits_ = false;
  neighbours_->ReturnToParent(stopped_ ? Work() : pool_.TakeBack(recalled_));
}

void Subtree::SpeakToParent() {
  Progress totals = Totals();
  if (totals.slots == 0 && !pool_.empty()) {
    neighbours_->ReturnToParent(pool_.TakeBack(pool_.size()));
  }
  if (asked_ || totals.unstarted >= totals.slots) return;
  asked_ = true;
  neighbours_->AskParent();
}

bool Subtree::Idle(const Child& child) const {
  if (child.lost || child.holds.empty()) return true;
  if (!child.present) return false;
  if (stopped_ && child.progress.stopping) return child.progress.running == 0;
  return !stopped_ && !child.recalled &&
         child.progress.all_finished() >= child.holds.size();
}

void Subtree::FinishIfDone() {
  if (!stopped_ && (HasPool() || !failed_.empty())) return;
  for (const auto& [id, child] : children_) {
    if (!Idle(child)) return;
  }
  Finish();
}

}  // namespace cram
