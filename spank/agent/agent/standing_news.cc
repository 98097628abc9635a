#include "spank/agent/agent/standing_news.h"

#include <algorithm>

#include "pack/journal/sign_of_life.h"

namespace cram {
namespace {

constexpr absl::Duration kCountsWait = absl::Seconds(10);

bool SamePeaks(const Standing& a, const Standing& b) {
  return std::equal(
      a.peaks().begin(), a.peaks().end(), b.peaks().begin(), b.peaks().end(),
      [](const RunningPeak& one, const RunningPeak& other) {
        return one.index() == other.index() && one.bytes() == other.bytes();
      });
}

}  // namespace

absl::Duration StandingNews::Since(const Standing& now) const {
  return absl::Nanoseconds(now.time_ns() - last_.time_ns());
}

bool StandingNews::IsDue(const Standing& now) const {
  return now.idle() != last_.idle() || Since(now) >= kCountsWait;
}

bool StandingNews::Take(const Standing& now) {
  bool same = now.idle() == last_.idle() &&
              now.unstarted() == last_.unstarted() && SamePeaks(now, last_);
  if (same && Since(now) < kSignOfLife) return false;
  last_ = now;
  return true;
}

}  // namespace cram
