#include <gtest/gtest.h>

#include "spank/agent/slots/run_times.h"

namespace cram {
namespace {

TEST(RunTimes, KnowNothingAtFirst) {
  EXPECT_EQ(RunTimes().Expected(), absl::ZeroDuration());
}

TEST(RunTimes, ExpectTheLongestOfTheLastHundred) {
  RunTimes times;
  times.Completed(absl::Seconds(50));
  for (int i = 0; i < 99; ++i) times.Completed(absl::Seconds(i % 7));
  EXPECT_EQ(times.Expected(), absl::Seconds(50));
  times.Completed(absl::Seconds(1));
  EXPECT_EQ(times.Expected(), absl::Seconds(6));
}

}  // namespace
}  // namespace cram
