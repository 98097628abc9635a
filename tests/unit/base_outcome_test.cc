#include <gtest/gtest.h>

#include <set>
#include <string>

#include "pack/base/outcome.h"

namespace cram {
namespace {

TEST(Outcome, StatesAreSlurmsWords) {
  EXPECT_EQ(StateName(State::kOutOfMemory), "OUT_OF_MEMORY");
  EXPECT_EQ(StateShortName(State::kOutOfMemory), "OOM");
  EXPECT_EQ(StateName(State::kCompleted), "COMPLETED");
  EXPECT_EQ(StateShortName(State::kCompleted), "CD");
  EXPECT_EQ(StateName(State::kNodeFail), "NODE_FAIL");
}

TEST(Outcome, EveryStateIsReadBackFromEitherForm) {
  for (State state : kAllStates) {
    EXPECT_EQ(ParseState(StateName(state)), state);
    EXPECT_EQ(ParseState(StateShortName(state)), state);
  }
  EXPECT_EQ(ParseState("oom"), State::kOutOfMemory);
  EXPECT_EQ(ParseState("Failed"), State::kFailed);
  EXPECT_EQ(ParseState("FAIL"), std::nullopt);
  EXPECT_EQ(ParseState(""), std::nullopt);
}

TEST(Outcome, EveryCauseHasAnOwnName) {
  std::set<std::string> names;
  for (size_t i = 0; i < kCauses; ++i) {
    names.insert(std::string(CauseName(static_cast<Cause>(i))));
  }
  EXPECT_EQ(names.size(), kCauses);
}

TEST(Outcome, OnlyACompletedAttemptIsCompleted) {
  for (size_t i = 1; i < kCauses; ++i) {
    Cause cause = static_cast<Cause>(i);
    EXPECT_EQ(StateOf(cause) == State::kCompleted, cause == Cause::kCompleted);
    EXPECT_NE(StateOf(cause), State::kPending);
    EXPECT_NE(StateOf(cause), State::kRunning);
  }
  EXPECT_EQ(StateOf(Cause::kNone), State::kPending);
  EXPECT_EQ(StateOf(Cause::kOwnCap), State::kOutOfMemory);
  EXPECT_EQ(StateOf(Cause::kTimeLimit), State::kTimeout);
  EXPECT_EQ(StateOf(Cause::kNodeLost), State::kNodeFail);
}

// They are in journals: a number must never change its meaning.
TEST(Outcome, NumbersStay) {
  EXPECT_EQ(static_cast<int>(Cause::kCompleted), 1);
  EXPECT_EQ(static_cast<int>(Cause::kOwnCap), 4);
  EXPECT_EQ(static_cast<int>(Cause::kOutputBudget), 12);
  EXPECT_EQ(static_cast<int>(State::kNodeFail), 7);
}

}  // namespace
}  // namespace cram
