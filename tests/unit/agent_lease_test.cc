#include <gtest/gtest.h>

#include "spank/agent/agent/lease.h"

namespace cram {
namespace {

using LeaseState = Lease::State;

constexpr absl::Duration kSecond = absl::Seconds(1);

// Of 60 seconds: a lease of 45, given up after 60 and 10 of grace.
const Patience kPatience;

Lease Joined() {
  Lease lease(kPatience, absl::ZeroDuration());
  lease.Vouched(100 * kSecond, absl::InfiniteDuration());
  return lease;
}

TEST(Lease, LastsWhileSomebodyVouches) {
  Lease lease = Joined();
  EXPECT_EQ(lease.At(144 * kSecond), LeaseState::kValid);
  lease.Vouched(140 * kSecond, absl::InfiniteDuration());
  EXPECT_EQ(lease.At(184 * kSecond), LeaseState::kValid);
  EXPECT_EQ(lease.At(186 * kSecond), LeaseState::kInDoubt);
  lease.Vouched(187 * kSecond, absl::InfiniteDuration());
  EXPECT_EQ(lease.At(188 * kSecond), LeaseState::kValid);
}

TEST(Lease, IsOverWhenOthersMayHaveBeenGivenTheWork) {
  Lease lease = Joined();
  EXPECT_EQ(lease.At(150 * kSecond), LeaseState::kInDoubt);
  EXPECT_EQ(lease.At(169 * kSecond), LeaseState::kInDoubt);
  EXPECT_EQ(lease.At(171 * kSecond), LeaseState::kOver);
}

TEST(Lease, WhoWakesAsksFirst) {
  Lease lease = Joined();
  EXPECT_EQ(lease.At(1000 * kSecond), LeaseState::kInDoubt);
  EXPECT_EQ(lease.At(1009 * kSecond), LeaseState::kInDoubt);
  EXPECT_EQ(lease.At(1011 * kSecond), LeaseState::kOver);
}

TEST(Lease, OldWordsAreNoNews) {
  Lease lease = Joined();
  lease.Vouched(110 * kSecond, absl::InfiniteDuration());
  lease.Vouched(105 * kSecond, absl::InfiniteDuration());
  EXPECT_EQ(lease.At(154 * kSecond), LeaseState::kValid);
  EXPECT_EQ(lease.At(156 * kSecond), LeaseState::kInDoubt);
}

TEST(Lease, NobodyVouchesForLongerThanOthersDoForHim) {
  Lease lease = Joined();
  lease.Vouched(100 * kSecond, 5 * kSecond);
  EXPECT_EQ(lease.Left(102 * kSecond), 3 * kSecond);
  EXPECT_EQ(lease.At(106 * kSecond), LeaseState::kInDoubt);
  EXPECT_EQ(lease.Left(106 * kSecond), absl::ZeroDuration());
}

TEST(Lease, EndsSoonAfterTheConnectionBroke) {
  Lease lease = Joined();
  lease.Broken();
  EXPECT_EQ(lease.At(109 * kSecond), LeaseState::kValid);
  EXPECT_EQ(lease.At(111 * kSecond), LeaseState::kInDoubt);
}

TEST(Lease, OutlivesTheRootUnlessTheRootMayHaveGivenTheWorkAway) {
  Lease lease = Joined();
  lease.Broken();
  EXPECT_TRUE(lease.Free(120 * kSecond));
  EXPECT_EQ(lease.At(9000 * kSecond), LeaseState::kValid);
  Lease slept = Joined();
  EXPECT_FALSE(slept.Free(146 * kSecond));
  EXPECT_EQ(Lease::Roots(kPatience).At(9000 * kSecond), LeaseState::kValid);
}

TEST(Lease, TheFirstJoinMayTakeLonger) {
  Lease lease(kPatience, absl::ZeroDuration());
  EXPECT_EQ(lease.At(89 * kSecond), LeaseState::kValid);
  EXPECT_EQ(lease.At(91 * kSecond), LeaseState::kInDoubt);
}

}  // namespace
}  // namespace cram
