#include "spank/agent/agent/outcomes.h"

#include <utility>

#include "absl/time/time.h"
#include "pack/base/clock.h"
#include "spank/agent/agent/lost_share.h"
#include "spank/agent/agent/retry.h"

namespace cram {
namespace {

// Records of sub-jobs that were cancelled, then everything else has its turn.
constexpr uint64_t kCancelsAtOnce = 1000;
constexpr absl::Duration kCancelsWait = absl::Milliseconds(500);

}  // namespace

void Outcomes::Settle(const Candidate& candidate, Ended* ended) {
  Cause cause = static_cast<Cause>(ended->cause());
  uint64_t place = means_.order->PlaceOf(ended->index());
  Tried tried = candidate.tried;
  tried.cap_bytes = candidate.cap_bytes;
  std::optional<Tried> next;
  if (!none_again_ && !means_.line->IsCancelled(place)) {
    next = means_.maker->After(candidate, *ended);
  }
  ended->set_will_retry(next.has_value());
  JournalRecord record;
  record.mutable_ended()->Swap(ended);
  means_.records->Append(record);
  if (tried.failed_on != 0) {
    means_.listener->RanFor(tried.failed_on, place, cause == Cause::kCompleted);
  }
  if (next) {
    bool elsewhere = cause == Cause::kCouldNotStart && !candidate.wide &&
                     means_.listener->HasOthers();
    next->failed_on = elsewhere ? means_.node_id + 1 : 0;
    if (next->failures == tried.failures) {
      // With a larger cap: no reason to wait.
      means_.line->AddAgain({place, *next});
    } else {
      TryLater({place, *next});
    }
    return;
  }
  ++finished_[static_cast<size_t>(StateOf(cause))];
  if (tried.failed_on == 0 && !candidate.wide) {
    HeedBreaker(tried, record.ended());
  }
  if (cause != Cause::kCompleted) means_.listener->NodeChanged();
}

void Outcomes::SettleWide(Candidate candidate, Ended* ended) {
  candidate.wide = true;
  uint64_t place = means_.order->PlaceOf(candidate.subjob.index);
  Tried next = candidate.tried;
  ++next.attempts;
  ++next.losses;
  bool lost = static_cast<Cause>(ended->cause()) == Cause::kNodeLost;
  if (!lost || next.losses >= LostShare::kMostLosses || none_again_ ||
      means_.line->IsCancelled(place)) {
    Settle(candidate, ended);
    return;
  }
  ended->set_will_retry(true);
  JournalRecord record;
  record.mutable_ended()->Swap(ended);
  means_.records->Append(record);
  means_.line->AddAgain({place, next});
  means_.start_more();
}

void Outcomes::NotStarted(const Candidate& candidate,
                          const Slot::Failure& why) {
  Ended ended = EndedAtOnce(candidate.subjob.index, candidate.tried.attempts,
                            Cause::kCouldNotStart);
  ended.set_cap_bytes(candidate.cap_bytes);
  ended.set_cpus(candidate.cpus);
  ended.set_failed_step(why.step);
  ended.set_error_number(why.error);
  Settle(candidate, &ended);
}

// There may be a million of them: everything else has its turn between.
void Outcomes::RecordCancelled() {
  if (cancel_timer_ != 0 || !means_.line->has_cancelled()) return;
  if (!means_.records->blocked()) {
    Work now = means_.line->TakeCancelled(kCancelsAtOnce);
    for (const auto& [begin, end] : now.indexes().ranges()) {
      for (uint64_t place = begin; place < end; ++place) {
        Ended ended =
            EndedAtOnce(means_.order->IndexAt(place),
                        now.TriedOf(place).attempts, Cause::kCancelled);
        ended.set_cancelled_by_user(true);
        Settle(Candidate(), &ended);
      }
    }
  }
  if (!means_.line->has_cancelled()) return;
  cancel_timer_ = means_.loop->After(
      means_.records->blocked() ? kCancelsWait : absl::ZeroDuration(), [this] {
        cancel_timer_ = 0;
        RecordCancelled();
      });
}

void Outcomes::SetAside(uint64_t count) {
  finished_[static_cast<size_t>(State::kPending)] += count;
  means_.listener->NodeChanged();
}

void Outcomes::RecordNodeLost(uint64_t place, uint32_t attempt) {
  JournalRecord record;
  *record.mutable_ended() =
      EndedAtOnce(means_.order->IndexAt(place), attempt, Cause::kNodeLost);
  means_.records->Append(record);
}

// ---- Again

void Outcomes::TryLater(const Planned& planned) {
  absl::Duration delay = RetryDelay(planned.tried.failures);
  Instant due = MonotonicNow() + delay;
  means_.line->AddLater(planned, due);
  if (means_.line->next_due() != due && later_timer_ != 0) return;
  means_.loop->Cancel(later_timer_);
  later_timer_ = means_.loop->After(delay, [this] { TakeThoseDue(); });
}

void Outcomes::TakeThoseDue() {
  later_timer_ = 0;
  Instant now = MonotonicNow();
  Work elsewhere;
  for (const Planned& planned : means_.line->TakeDue(now)) {
    if (planned.tried.failed_on == 0) {
      means_.line->AddAgain(planned);
    } else {
      elsewhere.Add(planned.place, planned.tried);
    }
  }
  if (!elsewhere.empty()) means_.listener->RunElsewhere(elsewhere);
  if (std::optional<Instant> next = means_.line->next_due()) {
    later_timer_ = means_.loop->After(*next - now, [this] { TakeThoseDue(); });
  }
  means_.start_more();
}

// ---- What fails here and not elsewhere

void Outcomes::HeedBreaker(const Tried& tried, const Ended& ended) {
  if (none_again_ || !means_.listener->HasOthers()) return;
  Tried next = tried;
  ++next.attempts;
  next.failed_on = means_.node_id + 1;
  breaker_.Ended(means_.order->PlaceOf(ended.index()), next,
                 static_cast<Cause>(ended.cause()),
                 absl::Nanoseconds(ended.end_ns() - ended.start_ns()));
  if (!breaker_.wants_trial()) return;
  means_.listener->RunElsewhere(Withdraw(breaker_.TakeTrial()));
  means_.loop->Cancel(trial_timer_);
  trial_timer_ = means_.loop->After(Breaker::kPatience, [this] {
    trial_timer_ = 0;
    breaker_.TimePassed();
    means_.start_more();
  });
}

std::array<uint64_t, kStates> Outcomes::finished() const {
  std::array<uint64_t, kStates> finished = finished_;
  finished[static_cast<size_t>(State::kFailed)] -= breaker_.rest();
  return finished;
}

// Their ends are recorded, but the last ones of their sub-jobs no more.
Work Outcomes::Withdraw(Work failed) {
  finished_[static_cast<size_t>(State::kFailed)] -= failed.size();
  return failed;
}

void Outcomes::RanElsewhere(uint64_t place, bool completed) {
  bool was_benched = breaker_.benched();
  breaker_.TriedElsewhere(place, completed);
  if (!breaker_.benched() || was_benched) return;
  Work work = means_.line->TakeBack(UINT64_MAX);
  work.AddAll(Withdraw(breaker_.TakeRest()));
  means_.listener->NodeBenched(work);
}

}  // namespace cram
