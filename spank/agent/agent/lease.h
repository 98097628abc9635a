// Whether an agent is still of the run, as far as it can know. Pure.
#pragma once

#include "absl/time/time.h"
#include "pack/base/clock.h"
#include "spank/agent/agent/patience.h"
#include "spank/agent/loop/loop.h"

namespace cram {

// An agent that was stopped, or cut off from those above it, may have been
// given up, and its sub-jobs run elsewhere. It must not record them as
// completed before it has heard that it was not. Each agent vouches for those
// below it, for no longer than others vouch for it.
class Lease {
 public:
  enum class State {
    kValid,
    kInDoubt,  // record nothing, give nothing away, vouch for nobody
    kOver,     // end the sub-jobs and leave
  };

  // Nothing was heard yet.
  Lease(const Patience& patience, Instant now);
  // Of the root: it is always valid.
  static Lease Roots(const Patience& patience);

  // The agent above has heard what this one said at `said`, and vouches for it
  // for `time` from then on, at most. What was heard before is no news.
  void Vouched(Instant said, absl::Duration time);
  // The connection to it broke, some time after it was heard. Those above that
  // wait for a grace from then on, at least.
  void Broken();
  // There is nobody any more who could give anything away: it is valid for
  // ever, unless that may have happened before (false).
  bool Free(Instant now);

  State At(Instant now);
  // If nothing is heard meanwhile.
  Instant valid_until() const {
    return free_ ? absl::InfiniteDuration() : doubt_;
  }
  // How long it may vouch for others; zero when in doubt.
  absl::Duration Left(Instant now) const;
  bool LooksElsewhere(Instant now) const {
    return !free_ && now - heard_ > patience_.looks_elsewhere();
  }

 private:
  Patience patience_;
  Instant heard_;
  Instant vouched_until_;
  Instant doubt_;  // from then on; not later
  Instant over_;
  Instant in_doubt_since_ = absl::InfiniteDuration();
  bool free_ = false;
};

}  // namespace cram
