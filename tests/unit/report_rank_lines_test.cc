#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sbin/report/rank_lines.h"

namespace cram {
namespace {

using Printed = std::vector<std::pair<std::optional<uint32_t>, std::string>>;

std::string Delivered(bool label, const Printed& printed) {
  std::string text;
  RankLines lines(label, [&text](absl::string_view bytes) {
    text.append(bytes.data(), bytes.size());
  });
  for (const auto& [rank, bytes] : printed) lines.Take(rank, bytes);
  lines.End();
  return text;
}

TEST(RankLines, ArePutTogether) {
  const std::string much(RankLines::kLongest + 1, 'x');
  const struct {
    std::string what;
    bool label;
    Printed printed;
    std::string delivered;
  } cases[] = {
      {"not torn by those of others",
       false,
       {{0, "first "}, {1, "other\nand "}, {0, "line\n"}, {1, "more"}},
       "other\nfirst line\nand more"},
      {"labelled once each",
       true,
       {{10, "a"}, {2, "\nb\n"}, {10, "a\n"}, {2, "c"}, {10, "d"}},
       "2: \n2: b\n10: aa\n2: c\n10: d\n"},
      {"of no rank left as they are",
       true,
       {{std::nullopt, "cram: rank 1 of 2: exit code 5\nx"}},
       "cram: rank 1 of 2: exit code 5\nx"},
      {"without an end in parts",
       true,
       {{3, much}, {1, "a\n"}, {3, "y\nz\n"}},
       "3: " + much + "1: a\ny\n3: z\n"},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(Delivered(one.label, one.printed), one.delivered) << one.what;
  }
}

TEST(RankLines, WithoutAnEndAreNotHeldForEver) {
  size_t delivered = 0;
  RankLines lines(false, [&delivered](absl::string_view bytes) {
    delivered += bytes.size();
  });
  lines.Take(3, std::string(RankLines::kLongest + 1, 'x'));
  EXPECT_EQ(delivered, RankLines::kLongest + 1);
}

}  // namespace
}  // namespace cram
