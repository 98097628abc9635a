#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "pack/base/output_of.h"

namespace cram {
namespace {

constexpr absl::Duration kLong = absl::Seconds(60);

std::vector<std::string> Shell(const std::string& script) {
  return {"/bin/sh", "-c", script};
}

TEST(OutputOf, IsWhatItPrints) {
  EXPECT_EQ(OutputOf(Shell("echo one; echo no >&2; echo two"), kLong),
            "one\ntwo\n");
  EXPECT_EQ(OutputOf(Shell(":"), kLong), "");
  EXPECT_EQ(OutputOf(Shell("cat"), kLong), "");
  EXPECT_EQ(OutputOf(Shell("seq 100000 | tail -n 100001"), kLong)->size(),
            588895U);
}

TEST(OutputOf, IsNoneOfWhatFails) {
  EXPECT_EQ(OutputOf(Shell("echo one; exit 1"), kLong), std::nullopt);
  EXPECT_EQ(OutputOf(Shell("echo one; kill -9 $$"), kLong), std::nullopt);
  EXPECT_EQ(OutputOf({"/no/such/program"}, kLong), std::nullopt);
}

TEST(OutputOf, IsNoneOfWhatTakesTooLong) {
  absl::Time start = absl::Now();
  constexpr absl::Duration kShort = absl::Milliseconds(100);
  EXPECT_EQ(OutputOf(Shell("echo one; exec sleep 100"), kShort), std::nullopt);
  EXPECT_EQ(OutputOf(Shell("exec sleep 100 >&-"), kShort), std::nullopt);
  EXPECT_LT(absl::Now() - start, kLong);
}

}  // namespace
}  // namespace cram
