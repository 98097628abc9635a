#include "spank/agent/slots/run_times.h"

#include <algorithm>

namespace cram {
namespace {

constexpr size_t kRememberedTimes = 100;

}  // namespace

void RunTimes::Completed(absl::Duration length) {
  if (last_.size() < kRememberedTimes) {
    last_.push_back(length);
    return;
  }
  last_[next_] = length;
  next_ = (next_ + 1) % kRememberedTimes;
}

absl::Duration RunTimes::Expected() const {
  if (last_.empty()) return absl::ZeroDuration();
  return *std::max_element(last_.begin(), last_.end());
}

}  // namespace cram
