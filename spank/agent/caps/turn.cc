#include "spank/agent/caps/turn.h"

#include <sys/file.h>

#include "absl/time/clock.h"
#include "pack/base/clock.h"

namespace cram {
namespace {

constexpr absl::Duration kBetweenTries = absl::Milliseconds(1);

}  // namespace

bool TakeTurn(const UniqueFd& directory, absl::Duration patience) {
  Instant end = MonotonicNow() + patience;
  while (flock(directory.get(), LOCK_EX | LOCK_NB) != 0) {
    if (MonotonicNow() >= end) return false;
    absl::SleepFor(kBetweenTries);
  }
  return true;
}

}  // namespace cram
