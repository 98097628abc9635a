#include "spank/agent/agent/absentees.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace cram {
namespace {

// A child that has not come when the run is stopped is not waited for as long
// as at its start: Slurm kills soon.
constexpr absl::Duration kStopPatience = absl::Seconds(5);
constexpr absl::Duration kBetweenLooks = absl::Milliseconds(100);
constexpr int kJournalsAtOnce = 32;

}  // namespace

void Absentees::Expect(uint32_t child) {
  Absent& absent = absent_[child];
  absent.since = run_->loop->now();
  absent.grace = run_->patience.absence() + run_->patience.grace();
  absent.reason = absl::StrCat("it did not come in ",
                               absl::FormatDuration(run_->patience.absence()));
  if (timer_ == 0) Look();
}

void Absentees::Broke(uint32_t child, const std::string& reason) {
  Absent& absent = absent_[child];
  absent.since = run_->loop->now();
  absent.grace = run_->patience.grace();
  if (unheard_.erase(child) != 0) {
    absent.grace +=
        std::max(absl::ZeroDuration(),
                 run_->start.instant + run_->patience.absence() - absent.since);
  }
  absent.reason = reason;
  absent.was_here = true;
  if (timer_ == 0) Look();
}

void Absentees::Came(uint32_t child) {
  absent_.erase(child);
  unheard_.insert(child);
}

void Absentees::Replaced(uint32_t child) {
  Absent& absent = absent_.at(child);
  absent.replaced = true;
  absent.since = run_->loop->now();
  absent.unread.reset();
}

bool Absentees::WasReplaced(uint32_t child) const {
  auto absent = absent_.find(child);
  return absent != absent_.end() && absent->second.replaced;
}

void Absentees::RunStops() {
  for (auto& [child, absent] : absent_) {
    absent.grace = run_->loop->now() - absent.since + kStopPatience;
    absent.reason = "it had not come when the run was stopped";
  }
}

void Absentees::Look() {
  timer_ = 0;
  if (listener_->MayGiveUp()) {
    for (auto it = absent_.begin(); it != absent_.end();) {
      auto& [child, absent] = *it;
      bool over = run_->loop->now() - absent.since >= absent.grace;
      if ((!over && !HasEnded(child, &absent)) ||
          !ReadJournals(child, &absent)) {
        ++it;
        continue;
      }
      lost_.insert(child);
      listener_->ChildLost(child, absent.reason, absent.share);
      it = absent_.erase(it);
    }
  }
  if (absent_.empty()) return;
  timer_ = run_->loop->After(kBetweenLooks, [this] { Look(); });
}

// Its keeper has ended its sub-jobs and closed its journal: nobody comes back,
// but for those below it.
bool Absentees::HasEnded(uint32_t child, Absent* absent) {
  if (!absent->was_here) return false;
  std::string journal = run_->directory.journal(child);
  absent->share.Read(journal, run_->order);
  return absent->share.Closed(journal) && run_->tree.ChildrenOf(child).empty();
}

// Of all who were below it. There may be thousands: some at a time, so that
// nobody else is kept waiting. Whether that was all.
bool Absentees::ReadJournals(uint32_t child, Absent* absent) {
  if (!absent->unread) absent->unread = run_->tree.SubtreeOf(child);
  for (int i = 0; i < kJournalsAtOnce && !absent->unread->empty(); ++i) {
    uint32_t node = static_cast<uint32_t>(absent->unread->front());
    if (listener_->IsOf(node, child) &&
        !absent->share.Read(run_->directory.journal(node), run_->order)) {
      return false;
    }
    absent->unread->Remove(node);
  }
  return absent->unread->empty();
}

}  // namespace cram
