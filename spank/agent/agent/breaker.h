// Whether a node is a black hole: one on which sub-jobs fail at once, one after
// the other, that complete elsewhere. Pure.
#pragma once

#include <stdint.h>

#include "absl/time/time.h"
#include "pack/base/outcome.h"
#include "spank/agent/share/work.h"

namespace cram {

// When ten sub-jobs in a row could not start or failed within a second, the
// node starts nothing until another node has run these ten again. When all ten
// complete there, this one is benched: what it has is run by others. When one
// does not, or nobody has tried them in a minute, the sub-jobs may be bad
// themselves: it goes on, and is doubted next after a row twice as long, so
// that of many bad sub-jobs few are run again.
class Breaker {
 public:
  static constexpr uint64_t kTrial = 10;
  static constexpr absl::Duration kAtOnce = absl::Seconds(1);
  static constexpr absl::Duration kPatience = absl::Minutes(1);

  // An attempt ended, and this would be the next one. Not of those that were
  // run here for another node: they have failed already.
  void Ended(uint64_t place, const Tried& next, Cause cause,
             absl::Duration length);

  // Nothing is to be started.
  bool open() const { return state_ != State::kClosed; }
  bool benched() const { return state_ == State::kBenched; }

  // There is a row that others should try: the first ten of it. Once for each.
  bool wants_trial() const { return state_ == State::kDoubted; }
  Work TakeTrial();
  // One of those ended elsewhere.
  void TriedElsewhere(uint64_t place, bool completed);
  // kPatience after TakeTrial: those that were not tried by now are not waited
  // for. Who is benched stays so.
  void TimePassed();
  // They cannot be tried elsewhere, or nobody else is left.
  void GoOn();

  // Of the row, what is behind the trial: those failed for good, unless it
  // comes to the bench.
  uint64_t rest() const { return open() ? row_.size() : 0; }
  // Of the row that led to the bench. Once.
  Work TakeRest();

 private:
  enum class State { kClosed, kDoubted, kOnTrial, kBenched };

  State state_ = State::kClosed;
  uint64_t most_ = kTrial;
  Work row_;
  IndexSet on_trial_;  // and not known to have completed
};

}  // namespace cram
