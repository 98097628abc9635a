#include <gtest/gtest.h>

#include "pack/base/size.h"
#include "spank/agent/agent/retry.h"

namespace cram {
namespace {

class RetryTest : public testing::Test {
 protected:
  void Say(absl::string_view name, absl::string_view value) {
    ASSERT_TRUE(options_.Set(name, value).ok());
  }
  // The attempt ends so; whether another follows, which becomes attempt_.
  bool Ends(Cause cause, const ExitStatus& exit = {}) {
    std::optional<Tried> next =
        NextAttempt(options_, attempt_, cause, exit, codes_, limits_);
    if (!next) return false;
    EXPECT_EQ(next->attempts, attempt_.attempts + 1);
    attempt_ = *next;
    return true;
  }

  RunOptions options_;
  std::string codes_;  // the sub-job's
  Tried attempt_{0, 0, 0, 200 * kMiB};
  CapLimits limits_{kGiB, 0};
};

TEST_F(RetryTest, NothingIsRunAgainUnlessSaid) {
  for (size_t cause = 0; cause < kCauses; ++cause) {
    EXPECT_FALSE(Ends(static_cast<Cause>(cause)));
  }
}

TEST_F(RetryTest, TheSubJobsCodesHoldWhereTheRunSaysNone) {
  codes_ = "on=75";
  Say("retry", "9");
  EXPECT_TRUE(Ends(Cause::kExitCode, {75, 0}));
  EXPECT_FALSE(Ends(Cause::kExitCode, {1, 0}));
  Say("retry", "9:except=75");
  EXPECT_FALSE(Ends(Cause::kExitCode, {75, 0}));
  EXPECT_TRUE(Ends(Cause::kExitCode, {1, 0}));
}

TEST_F(RetryTest, WhatCompletedOrWasCancelledIsNot) {
  Say("retry", "3");
  Say("oom-retry", "2");
  EXPECT_FALSE(Ends(Cause::kCompleted));
  EXPECT_FALSE(Ends(Cause::kCancelled));
}

TEST_F(RetryTest, AnOwnCapGrowsUntilTheNodeHasNoMore) {
  Say("oom-retry", "2");
  ASSERT_TRUE(Ends(Cause::kOwnCap));
  EXPECT_EQ(attempt_.cap_bytes, 400 * kMiB);
  ASSERT_TRUE(Ends(Cause::kOwnCap));
  EXPECT_EQ(attempt_.cap_bytes, 800 * kMiB);
  ASSERT_TRUE(Ends(Cause::kRuntimeMemoryError));
  EXPECT_EQ(attempt_.cap_bytes, kGiB);
  EXPECT_FALSE(Ends(Cause::kOwnCap));
}

TEST_F(RetryTest, OrUntilTheMostThatWasSaid) {
  Say("oom-retry", "2:500M");
  ASSERT_TRUE(Ends(Cause::kOwnCap));
  ASSERT_TRUE(Ends(Cause::kOwnCap));
  EXPECT_EQ(attempt_.cap_bytes, 500 * kMiB);
  EXPECT_FALSE(Ends(Cause::kOwnCap));
  Say("oom-retry", "2:900G");
  ASSERT_TRUE(Ends(Cause::kOwnCap));
  EXPECT_EQ(attempt_.cap_bytes, 1000 * kMiB);
  ASSERT_TRUE(Ends(Cause::kOwnCap));
  EXPECT_EQ(attempt_.cap_bytes, kGiB);
}

TEST_F(RetryTest, TheTwoCountsDoNotTouch) {
  Say("oom-retry", "2");
  Say("retry", "1");
  ASSERT_TRUE(Ends(Cause::kOwnCap));
  ASSERT_TRUE(Ends(Cause::kExitCode));
  EXPECT_EQ(attempt_.cap_bytes, 400 * kMiB);
  ASSERT_TRUE(Ends(Cause::kOwnCap));
  EXPECT_EQ(attempt_.cap_bytes, 800 * kMiB);
  EXPECT_EQ(attempt_.attempts, 3U);
  EXPECT_EQ(attempt_.failures, 1U);
  EXPECT_FALSE(Ends(Cause::kNodeBudget));
}

TEST_F(RetryTest, WithoutGrowthTheCountOfFailuresIsOfAll) {
  Say("retry", "2");
  ASSERT_TRUE(Ends(Cause::kOwnCap));
  EXPECT_EQ(attempt_.cap_bytes, 200 * kMiB);
  ASSERT_TRUE(Ends(Cause::kSignal));
  EXPECT_FALSE(Ends(Cause::kOwnCap));
}

TEST_F(RetryTest, LearnedCapsGrowToWhatTheLargestNeeded) {
  Say("mem", "auto");
  limits_.second_cap_bytes = 700 * kMiB;
  ASSERT_TRUE(Ends(Cause::kOwnCap));
  EXPECT_EQ(attempt_.cap_bytes, 700 * kMiB);
  ASSERT_TRUE(Ends(Cause::kOwnCap));
  EXPECT_EQ(attempt_.cap_bytes, kGiB);
  EXPECT_FALSE(Ends(Cause::kExitCode));
}

TEST_F(RetryTest, LearnedCapsStayBelowTheMostThatWasSaid) {
  Say("mem", "auto");
  Say("oom-retry", "1.5:600M");
  limits_.second_cap_bytes = 700 * kMiB;
  ASSERT_TRUE(Ends(Cause::kOwnCap));
  EXPECT_EQ(attempt_.cap_bytes, 600 * kMiB);
  EXPECT_FALSE(Ends(Cause::kOwnCap));
}

TEST_F(RetryTest, CodesSayWhatIsRunAgain) {
  Say("retry", "9:on=75,10-12,SIGSEGV:except=11");
  for (int code : {75, 10, 12}) {
    EXPECT_TRUE(Ends(Cause::kExitCode, {code, 0})) << code;
  }
  EXPECT_TRUE(Ends(Cause::kSignal, {0, 11}));
  for (int code : {1, 11, 139}) {
    EXPECT_FALSE(Ends(Cause::kExitCode, {code, 0})) << code;
  }
  EXPECT_FALSE(Ends(Cause::kSignal, {0, 6}));
  // They are about what a sub-job says itself.
  EXPECT_TRUE(Ends(Cause::kTimeLimit, {0, 15}));
  EXPECT_TRUE(Ends(Cause::kCouldNotStart));
}

TEST_F(RetryTest, TheDelayDoublesUpToTenSeconds) {
  EXPECT_EQ(RetryDelay(0), absl::ZeroDuration());
  EXPECT_EQ(RetryDelay(1), absl::Milliseconds(100));
  EXPECT_EQ(RetryDelay(4), absl::Milliseconds(800));
  EXPECT_EQ(RetryDelay(8), absl::Seconds(10));
  EXPECT_EQ(RetryDelay(UINT32_MAX), absl::Seconds(10));
}

}  // namespace
}  // namespace cram
