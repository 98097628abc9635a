#include "spank/agent/slots/learned_cap.h"

#include <algorithm>
#include <cmath>

#include "pack/base/cap_choice.h"
#include "pack/base/size.h"

namespace cram {
namespace {

constexpr size_t kEnough = 10;
constexpr size_t kRemembered = 100;

}  // namespace

LearnedCap::LearnedCap(uint64_t initial, uint64_t share)
    : initial_(initial), share_(share), cap_(initial) {}

void LearnedCap::Completed(uint64_t peak_bytes, uint64_t cap_bytes) {
  if (peak_bytes == 0) return;
  uint64_t holds = CapThatHolds(peak_bytes, cap_bytes);
  recent_.push_back(holds);
  sorted_.insert(std::upper_bound(sorted_.begin(), sorted_.end(), holds),
                 holds);
  if (recent_.size() > kRemembered) {
    sorted_.erase(
        std::lower_bound(sorted_.begin(), sorted_.end(), recent_.front()));
    recent_.pop_front();
  }
  if (recent_.size() >= kEnough) cap_ = CheapestCap(sorted_, share_);
}

uint64_t LearnedCap::second_cap() const {
  return sorted_.empty() ? initial_ : std::max(initial_, sorted_.back());
}

uint64_t GrownCap(uint64_t cap_bytes, double factor, uint64_t most) {
  if (cap_bytes >= most) return 0;
  double grown = std::ceil(static_cast<double>(cap_bytes) * factor /
                           static_cast<double>(kMiB)) *
                 static_cast<double>(kMiB);
  // Compared as double: it may be more than 64 bits hold.
  return grown >= static_cast<double>(most) ? most
                                            : static_cast<uint64_t>(grown);
}

}  // namespace cram
