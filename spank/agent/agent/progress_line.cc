#include "spank/agent/agent/progress_line.h"

#include <unistd.h>

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pack/base/clock.h"
#include "pack/base/duration.h"
#include "pack/base/io.h"

namespace cram {
namespace {

constexpr absl::Duration kLongestInterval = absl::Minutes(1);

}  // namespace

std::string ProgressLine::Text(uint64_t subjobs,
                               const std::array<uint64_t, kStates>& finished,
                               uint32_t running, uint64_t before,
                               absl::Duration elapsed) {
  uint64_t done =
      std::accumulate(finished.begin(), finished.end(), uint64_t{0});
  uint64_t failed = done - finished[static_cast<size_t>(State::kCompleted)];
  std::string text = absl::StrCat(done, "/", subjobs, " done, ", running,
                                  " running, ", failed, " failed");
  double seconds = absl::ToDoubleSeconds(elapsed);
  if (done <= before || seconds <= 0) return text;
  double rate = static_cast<double>(done - before) / seconds;
  absl::StrAppendFormat(&text, ", %.1f/s", rate);
  if (done < subjobs) {
    absl::Duration left =
        absl::Seconds(static_cast<double>(subjobs - done) / rate);
    absl::StrAppend(&text, ", ", FormatElapsed(left), " left");
  }
  return text;
}

void ProgressLine::Show(uint64_t subjobs,
                        const std::array<uint64_t, kStates>& finished,
                        uint32_t running, bool last) {
  Instant now = MonotonicNow();
  if (over_ || (!last && now < next_)) return;
  over_ = last;
  next_ = now + (terminal_ ? absl::Seconds(1) : interval_);
  interval_ = std::min(kLongestInterval, interval_ * 2);
  std::string text = Text(subjobs, finished, running, before_, now - start_);
  // \r and "erase to the end of the line", ECMA-48.
  std::string line =
      terminal_ ? absl::StrCat("\rcram: ", text, "\x1b[K", last ? "\n" : "")
                : absl::StrCat("cram: ", text, "\n");
  (void)WriteFull(STDERR_FILENO, line, "stderr");
}

}  // namespace cram
