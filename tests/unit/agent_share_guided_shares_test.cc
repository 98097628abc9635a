#include <gtest/gtest.h>

#include "spank/agent/share/guided_shares.h"

namespace cram {
namespace {

Child Holding(uint64_t count, uint32_t running, uint32_t slots) {
  Child child;
  child.holds = Work(IndexSet({0, count}));
  child.progress.running = running;
  child.progress.slots = slots;
  child.present = true;
  return child;
}

Child Hungry(uint32_t slots) {
  Child child = Holding(0, 0, slots);
  child.asking = true;
  return child;
}

TEST(GuidedShares, AreHalfOfTheChildsPartUntilTheEnd) {
  Child child = Hungry(10);
  EXPECT_EQ(GuidedShare(child, 40, 1000), 125U);
  EXPECT_EQ(GuidedShare(child, 40, 100), 12U);
  // The whole part, and a round for its slots at most.
  EXPECT_EQ(GuidedShare(child, 40, 36), 10U);
  EXPECT_EQ(GuidedShare(child, 40, 8), 3U);
  EXPECT_EQ(GuidedShare(child, 40, 1), 1U);
}

TEST(GuidedShares, OneThatIsAloneGetsEverything) {
  EXPECT_EQ(GuidedShare(Hungry(10), 10, 1000), 1000U);
}

TEST(GuidedShares, AreNotPiecesForOneNodeOfMany) {
  EXPECT_EQ(GuidedShare(Hungry(800), 80000, 200), 100U);
}

TEST(GuidedShares, WhoHasMostIsAskedFirstAndKeepsWhatItIsAboutToStart) {
  Children children;
  children[1] = Holding(10, 2, 4);
  children[2] = Holding(30, 4, 4);
  std::vector<Recall> recalls = RecallsOf(children, 28);
  ASSERT_EQ(recalls.size(), 2U);
  EXPECT_EQ(recalls[0].child, 2U);
  EXPECT_EQ(recalls[0].count, 26U);
  EXPECT_EQ(recalls[1].child, 1U);
  EXPECT_EQ(recalls[1].count, 2U);
  EXPECT_EQ(RecallsOf(children, 100)[1].count, 6U);
}

TEST(GuidedShares, NobodyIsAskedTwiceNorWhoCannotAnswer) {
  Children children;
  for (uint32_t id = 0; id < 4; ++id) children[id] = Holding(10, 1, 1);
  children[0].present = false;
  children[1].recalled = true;
  children[2].dry = true;
  children[3].progress.stopping = true;
  EXPECT_TRUE(RecallsOf(children, 5).empty());
}

TEST(GuidedShares, TheHungryGetTheirPartOfWhatWaits) {
  Children children;
  children[1] = Holding(104, 4, 4);
  children[2] = Hungry(4);
  std::vector<Recall> recalls = RecallsForHungry(children);
  ASSERT_EQ(recalls.size(), 1U);
  EXPECT_EQ(recalls[0].child, 1U);
  EXPECT_EQ(recalls[0].count, 50U);
  // That may be enough.
  children[1].recalled = true;
  EXPECT_TRUE(RecallsForHungry(children).empty());
}

TEST(GuidedShares, NobodyIsAskedWhileNoSlotIsIdle) {
  Children children;
  children[1] = Holding(104, 4, 4);
  children[2] = Holding(4, 4, 4);
  children[2].asking = true;
  EXPECT_TRUE(RecallsForHungry(children).empty());
}

TEST(GuidedShares, TheRoomiestHasLeastForEachOfItsSlots) {
  Children children;
  children[1] = Holding(8, 4, 4);
  children[2] = Holding(8, 4, 8);
  children[3] = Holding(0, 0, 0);
  EXPECT_EQ(Roomiest(children, {}, {}), 2U);
  EXPECT_EQ(Roomiest(children, {2}, {}), 1U);
  EXPECT_EQ(Roomiest(children, {}, {{2, Work(IndexSet({20, 40}))}}), 1U);
  EXPECT_EQ(Roomiest(children, {1, 2}, {}), std::nullopt);
}

}  // namespace
}  // namespace cram
