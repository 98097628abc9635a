#include "spank/agent/agent/lease.h"

#include <algorithm>

#include "pack/base/clock.h"

namespace cram {

Lease::Lease(const Patience& patience, Instant now)
    : patience_(patience),
      heard_(now),
      vouched_until_(now + patience.absence_lease()),
      doubt_(vouched_until_),
      over_(now + patience.absence() + patience.grace()) {}

Lease Lease::Roots(const Patience& patience) {
  Lease lease(patience, absl::ZeroDuration());
  lease.Free(absl::ZeroDuration());
  return lease;
}

void Lease::Vouched(Instant said, absl::Duration time) {
  if (said < heard_) return;
  heard_ = said;
  doubt_ = vouched_until_ = said + std::min(time, patience_.lease());
  over_ = said + patience_.silence() + patience_.grace();
}

void Lease::Broken() { doubt_ = std::min(doubt_, heard_ + patience_.grace()); }

bool Lease::Free(Instant now) {
  free_ = now < vouched_until_;
  return free_;
}

Lease::State Lease::At(Instant now) {
  if (free_ || now < doubt_) {
    in_doubt_since_ = absl::InfiniteDuration();
    return State::kValid;
  }
  // Who wakes asks first, however long it slept.
  in_doubt_since_ = std::min(in_doubt_since_, now);
  bool asked = now - in_doubt_since_ >= patience_.grace();
  return now >= over_ && asked ? State::kOver : State::kInDoubt;
}

absl::Duration Lease::Left(Instant now) const {
  if (free_) return patience_.lease();
  return std::max(absl::ZeroDuration(), doubt_ - now);
}

}  // namespace cram
