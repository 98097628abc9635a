#include <gtest/gtest.h>

#include "pack/base/size.h"
#include "spank/agent/slots/learned_cap.h"

namespace cram {
namespace {

constexpr uint64_t kShare = 1 * kGiB;

class LearnedCapTest : public testing::Test {
 protected:
  void Complete(int count, uint64_t peak, uint64_t cap) {
    for (int i = 0; i < count; ++i) learned_.Completed(peak, cap);
  }
  LearnedCap learned_{kShare, kShare};
};

TEST_F(LearnedCapTest, IsTheInitialOneUntilTenHaveCompleted) {
  Complete(9, 100 * kMiB, kShare);
  EXPECT_EQ(learned_.cap(), kShare);
  Complete(1, 100 * kMiB, kShare);
  EXPECT_EQ(learned_.cap(), 128 * kMiB);
}

TEST_F(LearnedCapTest, LearnsNothingFromWhatWasNotMeasured) {
  Complete(100, 0, kShare);
  EXPECT_EQ(learned_.cap(), kShare);
}

TEST_F(LearnedCapTest, FallsFromWhatTheManifestAskedFor) {
  LearnedCap learned(8 * kGiB, kShare);
  for (int i = 0; i < 10; ++i) learned.Completed(400 * kMiB, 8 * kGiB);
  EXPECT_EQ(learned.cap(), 512 * kMiB);
  EXPECT_EQ(learned.second_cap(), 8 * kGiB);
}

TEST_F(LearnedCapTest, IsNeverBelowAnyOfThoseThatTheShareHolds) {
  Complete(50, 100 * kMiB, kShare);
  Complete(1, 700 * kMiB, kShare);
  EXPECT_GE(learned_.cap(), 700 * kMiB);
}

TEST_F(LearnedCapTest, DoesNotCreepUpWithPageCache) {
  for (int round = 0; round < 1000; ++round) {
    learned_.Completed(learned_.cap(), learned_.cap());
    ASSERT_EQ(learned_.cap(), kShare);
  }
}

TEST_F(LearnedCapTest, AFewLargeOnesDoNotRaiseIt) {
  Complete(95, 100 * kMiB, kShare);
  Complete(5, 6 * kGiB, 8 * kGiB);
  EXPECT_EQ(learned_.cap(), 128 * kMiB);
  EXPECT_EQ(learned_.second_cap(), 7680 * kMiB);
}

TEST_F(LearnedCapTest, RisesWhenTheLargeOnesAreMany) {
  Complete(100, 100 * kMiB, kShare);
  Complete(90, 1600 * kMiB, 2 * kGiB);
  EXPECT_EQ(learned_.cap(), 2000 * kMiB);
}

TEST_F(LearnedCapTest, ForgetsWhatAHundredOthersWereAfter) {
  Complete(100, 1600 * kMiB, 2 * kGiB);
  EXPECT_EQ(learned_.cap(), 2000 * kMiB);
  Complete(100, 100 * kMiB, 2 * kGiB);
  EXPECT_EQ(learned_.cap(), 128 * kMiB);
  EXPECT_EQ(learned_.second_cap(), kShare);
}

TEST(GrownCap, IsAFactorMoreUpToTheMost) {
  EXPECT_EQ(GrownCap(200 * kMiB, 2, kGiB), 400 * kMiB);
  EXPECT_EQ(GrownCap(200 * kMiB, 1.001, kGiB), 201 * kMiB);
  EXPECT_EQ(GrownCap(600 * kMiB, 2, kGiB), kGiB);
  EXPECT_EQ(GrownCap(kGiB, 2, kGiB), 0U);
  EXPECT_EQ(GrownCap(2 * kGiB, 2, kGiB), 0U);
  EXPECT_EQ(GrownCap(kGiB, 1e300, 3 * kGiB), 3 * kGiB);
}

TEST(GrownCap, AlwaysGrowsAndEnds) {
  for (double factor : {1.0000001, 1.5, 2.0, 1e9}) {
    uint64_t cap = 1;
    while (uint64_t next = GrownCap(cap, factor, 300 * kMiB)) {
      ASSERT_GT(next, cap);
      cap = next;
    }
    EXPECT_EQ(cap, 300 * kMiB);
  }
}

}  // namespace
}  // namespace cram
