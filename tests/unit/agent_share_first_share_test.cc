#include <gtest/gtest.h>

#include "spank/agent/share/first_share.h"

namespace cram {
namespace {

struct Size {
  uint64_t subjobs;
  uint32_t nodes;
};

class FirstSharesOfAll : public testing::TestWithParam<Size> {};

TEST_P(FirstSharesOfAll, AndThePoolCoverEverySubJobOnce) {
  auto [subjobs, nodes] = GetParam();
  IndexSet all;
  uint64_t given = 0;
  for (uint32_t node = 0; node < nodes; ++node) {
    IndexSet share = FirstShare(subjobs, nodes, node);
    given += share.size();
    all.AddAll(share);
  }
  EXPECT_EQ(all.size(), given);
  IndexRange pool = FirstPool(subjobs, nodes);
  EXPECT_EQ(all, IndexSet({0, pool.begin}));
  EXPECT_EQ(pool.end, subjobs);
}

TEST_P(FirstSharesOfAll, AreOfOneSizeOrOneEachWhileThereAreAny) {
  auto [subjobs, nodes] = GetParam();
  uint64_t first = FirstShare(subjobs, nodes, 0).size();
  EXPECT_GE(first, 1U);
  for (uint32_t node = 1; node < nodes; ++node) {
    uint64_t expected = node < subjobs ? first : 0;
    ASSERT_EQ(FirstShare(subjobs, nodes, node).size(), expected);
  }
}

INSTANTIATE_TEST_SUITE_P(OfAllSizes, FirstSharesOfAll,
                         testing::Values(Size{1, 1}, Size{1, 7}, Size{7, 7},
                                         Size{8, 7}, Size{10, 4}, Size{3, 4},
                                         Size{1500000, 98304},
                                         Size{98303, 98304}, Size{1000000, 1},
                                         Size{1ULL << 40, 4096}));

TEST(FirstShare, LeavesHalfOfAManyInThePool) {
  EXPECT_EQ(FirstPool(1000000, 4).size(), 500000U);
}

TEST(FirstShare, OfTheFirstOnesEachNodeHasAPart) {
  for (uint32_t node = 0; node < 4; ++node) {
    IndexSet first = FirstShare(6400, 4, node);
    EXPECT_EQ(first.ranges().size(), 16U);
    EXPECT_EQ(first.front(), node * 50);
  }
  IndexSet both = FirstShares(6400, 4, IndexSet({1, 3}));
  EXPECT_EQ(both.size(), 1600U);
  EXPECT_EQ(both.ranges().size(), 16U);
}

}  // namespace
}  // namespace cram
