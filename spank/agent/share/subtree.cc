#include "spank/agent/share/subtree.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace cram {
namespace {

constexpr uint32_t kNobody = UINT32_MAX;

}  // namespace

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
        Roomiest(children_, {but, tried.failed_on - 1}, shares);
    if (!child) continue;
    shares[*child].Add(index, tried);
    rest.Remove(IndexSet({index, index + 1}));
  }
  for (const auto& [child, share] : shares) Give(child, share);
  return rest;
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
    CallBack(RecallsForHungry(children_));
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
  uint64_t all_slots = AllSlots(children_);
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
  Work share = TakeFor(id, GuidedShare(*child, all_slots, pool_.size()));
  if (share.empty()) return;
  child->holds.AddAll(share);
  child->asking = child->dry = false;
  neighbours_->Grant(id, share);
}

// Whether anything will come back.
bool Subtree::CallBack(const std::vector<Recall>& recalls) {
  for (const auto& [id, count] : recalls) {
    children_.at(id).recalled = true;
    neighbours_->Recall(id, count);
  }
  return !recalls.empty();
}

void Subtree::AnswerParent() {
  if (!stopped_ && pool_.size() < recalled_) {
    for (const auto& [id, child] : children_) {
      if (child.recalled) return;
    }
    if (pool_.empty() && CallBack(RecallsOf(children_, recalled_))) return;
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
