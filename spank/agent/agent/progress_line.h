// Progress, for a person who waits.
#pragma once

#include <stdint.h>

#include <array>
#include <string>

#include "absl/time/time.h"
#include "pack/base/clock.h"
#include "pack/base/outcome.h"

namespace cram {

// On a terminal one line that is written over every second; else a line at
// the start, at longer and longer intervals up to a minute, and at the end.
class ProgressLine {
 public:
  // `before`: of those that are done, an earlier run had completed so many.
  ProgressLine(bool terminal, uint64_t before)
      : terminal_(terminal), before_(before) {}

  // Call it as often as you like. `last`: nothing will change any more.
  void Show(uint64_t subjobs, const std::array<uint64_t, kStates>& finished,
            uint32_t running, bool last);

  // "1200/2000 done, 8 running, 3 failed, 27.8/s, 00:00:29 left". Pure.
  static std::string Text(uint64_t subjobs,
                          const std::array<uint64_t, kStates>& finished,
                          uint32_t running, uint64_t before,
                          absl::Duration elapsed);

 private:
  Instant start_ = MonotonicNow();
  bool terminal_;
  uint64_t before_;
  bool over_ = false;
  Instant next_ = -absl::InfiniteDuration();
  absl::Duration interval_ = absl::Seconds(5);
};

}  // namespace cram
