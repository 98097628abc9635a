#include "pack/base/clock.h"

#include <time.h>

namespace cram {

Instant MonotonicNow() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return absl::DurationFromTimespec(now);
}

}  // namespace cram
