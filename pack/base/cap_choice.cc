#include "pack/base/cap_choice.h"

#include <algorithm>
#include <limits>

#include "pack/base/size.h"

namespace cram {
namespace {

constexpr uint64_t kLeast = 64 * kMiB;
constexpr uint64_t kStep = 16 * kMiB;

}  // namespace

uint64_t CapThatHolds(uint64_t peak_bytes, uint64_t cap_bytes) {
  uint64_t wanted = std::max(kLeast, peak_bytes + peak_bytes / 4);
  wanted = (wanted + kStep - 1) / kStep * kStep;
  return std::min(wanted, cap_bytes);
}

uint64_t CheapestCap(const std::vector<uint64_t>& caps, uint64_t share) {
  auto use = [share](uint64_t cap) {
    return static_cast<double>(std::max(cap, share));
  };
  double least = std::numeric_limits<double>::infinity();
  uint64_t cheapest = caps.back();
  double above = 0;  // the second runs of those above
  const size_t most_above = caps.size() / 10;
  for (size_t i = caps.size(); i-- > caps.size() - 1 - most_above;) {
    double cost = static_cast<double>(caps.size()) * use(caps[i]) + above;
    if (cost < least) {
      least = cost;
      cheapest = caps[i];
    }
    above += use(caps[i]);
  }
  return cheapest;
}

}  // namespace cram
