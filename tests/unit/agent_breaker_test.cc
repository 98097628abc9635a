#include <gtest/gtest.h>

#include "spank/agent/agent/breaker.h"

namespace cram {
namespace {

class BreakerTest : public testing::Test {
 protected:
  void Fails(uint64_t begin, uint64_t end,
             absl::Duration length = absl::Milliseconds(5)) {
    for (uint64_t i = begin; i < end; ++i) {
      breaker_.Ended(i, {1, 0, 0, 0}, Cause::kExitCode, length);
    }
  }
  void Completes(uint64_t index) {
    breaker_.Ended(index, {1, 0, 0, 0}, Cause::kCompleted, absl::Seconds(9));
  }
  void TriedElsewhere(const Work& trial, bool completed) {
    for (const auto& [index, tried] : trial.tried()) {
      breaker_.TriedElsewhere(index, completed);
    }
  }

  Breaker breaker_;
};

TEST_F(BreakerTest, TenInARowThatCompleteElsewhereBenchTheNode) {
  Fails(0, 9);
  EXPECT_FALSE(breaker_.open());
  breaker_.Ended(9, {1, 0, 0, 0}, Cause::kCouldNotStart, absl::ZeroDuration());
  EXPECT_TRUE(breaker_.open());
  ASSERT_TRUE(breaker_.wants_trial());
  Work trial = breaker_.TakeTrial();
  EXPECT_EQ(trial.indexes().ToString(), "0-9");
  EXPECT_FALSE(breaker_.wants_trial());
  Fails(10, 12);  // which ran meanwhile
  EXPECT_EQ(breaker_.rest(), 2);
  TriedElsewhere(trial, true);
  EXPECT_TRUE(breaker_.benched());
  EXPECT_EQ(breaker_.TakeRest().indexes().ToString(), "10-11");
}

TEST_F(BreakerTest, WhoIsBenchedStaysSoUnlessNobodyElseIsLeft) {
  Fails(0, 10);
  TriedElsewhere(breaker_.TakeTrial(), true);
  breaker_.TimePassed();
  EXPECT_TRUE(breaker_.benched());
  breaker_.GoOn();
  EXPECT_FALSE(breaker_.open());
}

TEST_F(BreakerTest, ATrialIsNotWaitedForForEver) {
  Fails(0, 10);
  breaker_.TakeTrial();
  breaker_.TimePassed();
  EXPECT_FALSE(breaker_.open());
}

TEST_F(BreakerTest, ARowIsBrokenByWhatCompletesOrFailsLate) {
  Fails(0, 9);
  Completes(9);
  Fails(10, 19);
  Fails(19, 20, absl::Seconds(1));
  Fails(20, 29);
  EXPECT_FALSE(breaker_.open());
}

TEST_F(BreakerTest, WhatFailsElsewhereAsWellAcquits) {
  Fails(0, 10);
  Work trial = breaker_.TakeTrial();
  breaker_.TriedElsewhere(3, true);
  breaker_.TriedElsewhere(4, false);
  EXPECT_FALSE(breaker_.open());
  TriedElsewhere(trial, true);  // too late
  EXPECT_FALSE(breaker_.open());
}

TEST_F(BreakerTest, OfManyBadSubJobsFewAreTriedElsewhere) {
  uint64_t tried = 0;
  for (uint64_t i = 0; i < 1000000; ++i) {
    Fails(i, i + 1);
    if (!breaker_.wants_trial()) continue;
    Work trial = breaker_.TakeTrial();
    tried += trial.size();
    TriedElsewhere(trial, false);
  }
  EXPECT_LT(tried, 200);
}

TEST_F(BreakerTest, WhatCompletesHereMeanwhileAcquits) {
  Fails(0, 10);
  breaker_.TakeTrial();
  Completes(11);
  EXPECT_FALSE(breaker_.open());
}

TEST_F(BreakerTest, TheSameSubJobAgainMakesNoRow) {
  for (int i = 0; i < 20; ++i) Fails(7, 8);
  EXPECT_FALSE(breaker_.open());
}

}  // namespace
}  // namespace cram
