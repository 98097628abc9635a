#include <gtest/gtest.h>

#include "pack/base/cap_choice.h"
#include "pack/base/size.h"

namespace cram {
namespace {

// `count` caps of `mib` each, then more of another.
std::vector<uint64_t> Caps(
    const std::vector<std::pair<size_t, uint64_t>>& groups) {
  std::vector<uint64_t> caps;
  for (const auto& [count, mib] : groups) {
    caps.insert(caps.end(), count, mib * kMiB);
  }
  return caps;
}

TEST(CapChoice, HoldsThePeakAndAQuarter) {
  EXPECT_EQ(CapThatHolds(400 * kMiB, 10 * kGiB), 512 * kMiB);
  EXPECT_EQ(CapThatHolds(384 * kMiB, 10 * kGiB), 480 * kMiB);
  EXPECT_EQ(CapThatHolds(384 * kMiB + 4, 10 * kGiB), 496 * kMiB);
}

TEST(CapChoice, HasAFloorForTheSmallest) {
  EXPECT_EQ(CapThatHolds(1, 10 * kGiB), 64 * kMiB);
}

TEST(CapChoice, NeverAsksForMoreThanWasEnough) {
  // Page cache filled it to its cap, and it completed all the same.
  EXPECT_EQ(CapThatHolds(100 * kMiB, 100 * kMiB), 100 * kMiB);
  EXPECT_EQ(CapThatHolds(1 * kMiB, 10 * kMiB), 10 * kMiB);
}

TEST(CapChoice, HoldsAllWhenFewAreSmaller) {
  EXPECT_EQ(CheapestCap(Caps({{10, 256}, {90, 320}}), 64 * kMiB), 320 * kMiB);
  EXPECT_EQ(CheapestCap(Caps({{1, 320}}), 64 * kMiB), 320 * kMiB);
}

TEST(CapChoice, LeavesNoMoreThanOneInTenAbove) {
  EXPECT_EQ(CheapestCap(Caps({{90, 200}, {10, 8000}}), 256 * kMiB), 200 * kMiB);
  EXPECT_EQ(CheapestCap(Caps({{89, 200}, {11, 8000}}), 256 * kMiB),
            8000 * kMiB);
}

TEST(CapChoice, HoldsAllThatTheShareHoldsBecauseCpusAreShortThen) {
  EXPECT_EQ(CheapestCap(Caps({{99, 64}, {1, 900}}), kGiB), 900 * kMiB);
}

TEST(CapChoice, AFewLargeOnesAreRunTwiceAndDoNotRaiseTheOthers) {
  EXPECT_EQ(CheapestCap(Caps({{99, 200}, {1, 8000}}), 256 * kMiB), 200 * kMiB);
}

TEST(CapChoice, CostsNoMoreThanAnyOtherThatHoldsEnough) {
  std::vector<uint64_t> caps = Caps({{20, 100}, {3, 150}, {2, 700}, {1, 4000}});
  uint64_t share = 128 * kMiB;
  auto cost = [&](uint64_t chosen) {
    uint64_t sum = 0;
    for (uint64_t own : caps) {
      sum += std::max(chosen, share);
      if (own > chosen) sum += std::max(own, share);
    }
    return sum;
  };
  uint64_t least = cost(CheapestCap(caps, share));
  for (size_t i = 23; i < caps.size(); ++i) {
    EXPECT_LE(least, cost(caps[i])) << i;
  }
}

}  // namespace
}  // namespace cram
