#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spank/agent/share/tree.h"

namespace cram {
namespace {

using testing::ElementsAre;

TEST(Tree, EveryNodeButTheFirstIsAChildOfItsParent) {
  for (uint32_t fan_out : {1, 2, 32}) {
    Tree tree(100, fan_out);
    std::vector<int> parents(100, 0);
    for (uint32_t node = 0; node < 100; ++node) {
      for (uint32_t child : tree.ChildrenOf(node)) {
        EXPECT_EQ(tree.ParentOf(child), node);
        ++parents[child];
      }
    }
    EXPECT_EQ(parents[0], 0);
    for (uint32_t node = 1; node < 100; ++node) EXPECT_EQ(parents[node], 1);
  }
}

TEST(Tree, ASubtreeHasTheNodesOfAllLevelsBelow) {
  Tree tree(12, 2);
  EXPECT_THAT(tree.ChildrenOf(1), ElementsAre(3, 4));
  EXPECT_EQ(tree.SubtreeOf(1).ToString(), "1,3-4,7-10");
  EXPECT_EQ(tree.SubtreeOf(5).ToString(), "5,11");
  EXPECT_EQ(tree.SubtreeOf(0).size(), 12);
}

}  // namespace
}  // namespace cram
