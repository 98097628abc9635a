#include <gtest/gtest.h>

#include <string>

#include "sbin/report/rank_lines.h"

namespace cram {
namespace {

class RankLinesTest : public testing::Test {
 protected:
  RankLines Lines(bool label) {
    return {label, [this](absl::string_view bytes) {
              text_.append(bytes.data(), bytes.size());
            }};
  }
  std::string text_;
};

TEST_F(RankLinesTest, AreNotTornByThoseOfOthers) {
  RankLines lines = Lines(false);
  lines.Take(0, "first ");
  lines.Take(1, "other\nand ");
  lines.Take(0, "line\n");
  lines.Take(1, "more");
  lines.End();
  EXPECT_EQ(text_, "other\nfirst line\nand more");
}

TEST_F(RankLinesTest, AreLabelledOnceEach) {
  RankLines lines = Lines(true);
  lines.Take(10, "a");
  lines.Take(2, "\nb\n");
  lines.Take(10, "a\n");
  lines.Take(2, "c");
  lines.Take(10, "d");
  lines.End();
  EXPECT_EQ(text_, "2: \n2: b\n10: aa\n2: c\n10: d\n");
}

TEST_F(RankLinesTest, OfNoRankAreLeftAsTheyAre) {
  RankLines lines = Lines(true);
  lines.Take(std::nullopt, "cram: rank 1 of 2: exit code 5\nx");
  lines.End();
  EXPECT_EQ(text_, "cram: rank 1 of 2: exit code 5\nx");
}

TEST_F(RankLinesTest, WithoutAnEndAreNotHeldForEver) {
  RankLines lines = Lines(true);
  std::string much(RankLines::kLongest + 1, 'x');
  lines.Take(3, much);
  EXPECT_EQ(text_, "3: " + much);
  lines.Take(3, "y\nz\n");
  EXPECT_EQ(text_, "3: " + much + "y\n3: z\n");
}

}  // namespace
}  // namespace cram
