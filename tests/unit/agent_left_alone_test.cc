#include <gtest/gtest.h>

#include <optional>

#include "pack/base/io.h"
#include "spank/agent/agent/left_alone.h"
#include "tests/unit/temporary_directory.h"

namespace cram {
namespace {

class AgentsLeftAlone : public testing::Test {
 protected:
  AgentsLeftAlone() { EXPECT_TRUE(ReplaceFile(path_, "x").ok()); }

  TemporaryDirectory directory_;
  std::string path_ = directory_.path() + "/root";
};

TEST_F(AgentsLeftAlone, TheOneThatEndsLastIsToldSo) {
  LeftAlone first(path_), second(path_), third(path_);
  EXPECT_FALSE(second.IsLast());
  EXPECT_FALSE(first.IsLast());
  EXPECT_TRUE(third.IsLast());
}

TEST_F(AgentsLeftAlone, OneThatIsKilledIsNotWaitedFor) {
  std::optional<LeftAlone> killed(path_);
  LeftAlone last(path_);
  killed.reset();
  EXPECT_TRUE(last.IsLast());
}

TEST_F(AgentsLeftAlone, WithoutTheFileEachIsTheLast) {
  LeftAlone one(path_ + ".gone");
  EXPECT_TRUE(one.IsLast());
}

}  // namespace
}  // namespace cram
