#include "spank/agent/agent/breaker.h"

namespace cram {

void Breaker::Ended(uint64_t place, const Tried& next, Cause cause,
                    absl::Duration length) {
  if (benched() || cause == Cause::kCancelled) return;
  bool its_own = cause == Cause::kExitCode || cause == Cause::kSignal;
  bool at_once =
      cause == Cause::kCouldNotStart || (its_own && length < kAtOnce);
  if (!at_once) {
    if (!row_.empty()) row_ = Work();
    if (open()) GoOn();
    return;
  }
  if (on_trial_.Contains(place)) return;
  row_.Remove(IndexSet({place, place + 1}));
  row_.Add(place, next);
  if (!open() && row_.size() >= most_) state_ = State::kDoubted;
}

Work Breaker::TakeTrial() {
  state_ = State::kOnTrial;
  Work trial = row_.TakeFront(kTrial);
  on_trial_ = trial.indexes();
  return trial;
}

void Breaker::TriedElsewhere(uint64_t place, bool completed) {
  if (state_ != State::kOnTrial || !on_trial_.Contains(place)) return;
  if (!completed) {
    GoOn();
    return;
  }
  on_trial_.Remove(place);
  if (on_trial_.empty()) state_ = State::kBenched;
}

void Breaker::TimePassed() {
  if (!benched()) GoOn();
}

void Breaker::GoOn() {
  if (!open()) return;
  state_ = State::kClosed;
  most_ *= 2;
  row_ = Work();
  on_trial_ = IndexSet();
}

Work Breaker::TakeRest() {
  Work rest = std::move(row_);
  row_ = Work();
  return rest;
}

}  // namespace cram
