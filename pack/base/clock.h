// The clock that nobody sets: for waits and for lengths of time. Times of day,
// as records have them, are absl::Now(), which may be turned back meanwhile.
#pragma once

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace cram {

// Since some moment of this boot. Before all others is
// -absl::InfiniteDuration(), after them absl::InfiniteDuration().
using Instant = absl::Duration;

Instant MonotonicNow();  // CLOCK_MONOTONIC

// When something began: the time of day, and what is measured from.
struct Beginning {
  absl::Time time = absl::Now();
  Instant instant = MonotonicNow();

  // The time of day now, if nobody had turned the clock since.
  absl::Time Now() const { return time + (MonotonicNow() - instant); }
};

}  // namespace cram
