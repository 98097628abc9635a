// What failed on a node, and is to be run by another.
#include <gtest/gtest.h>

#include "tests/unit/said_by_subtree.h"

namespace cram {
namespace {

Work FailedOn(uint32_t node, uint64_t begin, uint64_t end) {
  Work work;
  for (uint64_t i = begin; i < end; ++i) work.Add(i, {1, 0, 0, 0, node + 1});
  return work;
}

TEST(Subtree, WhatFailedOnANodeIsRunByTheOneThatHasMostRoom) {
  Record record;
  Subtree subtree(true, Work(), &record);
  for (uint32_t child : {0, 1, 2}) {
    subtree.AddChild(child, Some(child * 10, child * 10 + 10), 2);
  }
  subtree.Report(0, Busy(2, 2, 2));
  subtree.Report(1, Busy(0, 2));
  subtree.Report(2, Busy(2, 2, 6));
  subtree.RunElsewhere(1, FailedOn(1, 10, 13));
  ASSERT_EQ(record.grants.size(), 1);
  EXPECT_EQ(record.grants[0].first, 2);
  EXPECT_EQ(record.grants[0].second.TriedOf(12).failed_on, 2);
  EXPECT_EQ(subtree.HeldBy(1).size(), 7);
  EXPECT_EQ(subtree.HeldBy(2).size(), 13);
}

TEST(Subtree, WhatNobodyElseCanRunComesBackAtTheRootAndGoesUpElsewhere) {
  for (bool root : {true, false}) {
    Record record;
    Subtree subtree(root, Work(), &record);
    subtree.AddChild(0, Some(0, 10), 2);
    subtree.AddChild(1, Some(10, 20), 2);
    if (!root) subtree.ParentJoined();
    subtree.Report(0, Busy(2, 2));
    Progress stopped = Busy(0, 2);
    stopped.stopping = true;
    subtree.Report(1, stopped);
    subtree.RunElsewhere(0, FailedOn(0, 0, 3));
    EXPECT_EQ(record.grants.size(), root ? 1 : 0);
    EXPECT_EQ(record.above.size(), root ? 0 : 1);
    EXPECT_EQ(subtree.HeldBy(0).size(), root ? 10 : 7);
    EXPECT_EQ(subtree.IsLeftTo(0), root);
    EXPECT_FALSE(subtree.IsLeftTo(1));
    if (root) continue;
    // And from there it may come back.
    subtree.Granted(FailedOn(0, 0, 3));
    ASSERT_EQ(record.grants.size(), 3);
    EXPECT_EQ(record.grants[0].first, 0);
  }
}

TEST(Subtree, WhatFailedSomewhereIsGivenOnWithoutBeingAskedFor) {
  Record record;
  Subtree subtree(false, Work(), &record);
  subtree.ParentJoined();
  subtree.AddChild(3, Some(0, 10), 2);
  subtree.AddChild(4, Some(10, 20), 2);
  subtree.Report(3, Busy(2, 2));
  subtree.Report(4, Busy(2, 2));
  Work work = FailedOn(3, 30, 31);
  work.AddAll(FailedOn(9, 31, 32));
  work.AddAll(Some(40, 50));
  subtree.Granted(work);
  ASSERT_EQ(record.grants.size(), 2);
  EXPECT_EQ(record.grants[0].first, 3);
  EXPECT_EQ(record.grants[0].second.indexes().ToString(), "31");
  EXPECT_EQ(record.grants[1].first, 4);
  EXPECT_EQ(record.grants[1].second.indexes().ToString(), "30");
}

TEST(Subtree, WhatFailsBeforeTheParentIsThereWaitsForIt) {
  Record record;
  Subtree leaf(false, Work(), &record);
  leaf.AddChild(1, Some(10, 30), 2);
  leaf.Report(1, Busy(2, 2));
  leaf.RunElsewhere(1, FailedOn(1, 10, 13));
  EXPECT_TRUE(record.above.empty());
  EXPECT_EQ(leaf.Holds().indexes().ToString(), "10-29");
  leaf.ParentJoined();
  ASSERT_EQ(record.above.size(), 1);
  EXPECT_EQ(record.above[0].TriedOf(12).failed_on, 2);
  EXPECT_EQ(leaf.Holds().indexes().ToString(), "13-29");
  // And when the connection broke.
  leaf.ParentMissing();
  leaf.RunElsewhere(1, FailedOn(1, 13, 14));
  EXPECT_EQ(record.above.size(), 1);
  leaf.ParentJoined();
  EXPECT_EQ(record.above.size(), 2);
}

TEST(Subtree, WhatFailsAtTheRootBeforeOthersComeWaitsForOneOfThem) {
  Record record;
  Subtree root(true, Work(), &record);
  for (uint32_t child : {0, 1, 2}) {
    root.AddChild(child, Some(child * 10, child * 10 + 10), 2);
  }
  root.Report(0, Busy(2, 2));
  root.RunElsewhere(0, FailedOn(0, 0, 3));
  EXPECT_TRUE(record.grants.empty());
  root.Joined(2, Some(20, 30));
  root.Report(2, Busy(2, 2));
  ASSERT_EQ(record.grants.size(), 1);
  EXPECT_EQ(record.grants[0].first, 2);
  EXPECT_EQ(record.grants[0].second.indexes().ToString(), "0-2");
}

TEST(Subtree, WhatFailedOnANodeIsSharedByAllOthers) {
  Record record;
  Subtree root(true, Work(), &record);
  for (uint32_t child : {0, 1, 2}) {
    root.AddChild(child, Some(child * 10, child * 10 + 10), 2);
    root.Report(child, Busy(2, 2));
  }
  root.RunElsewhere(1, FailedOn(1, 10, 20));
  ASSERT_EQ(record.grants.size(), 2);
  for (const auto& [child, work] : record.grants) {
    EXPECT_NE(child, 1);
    EXPECT_EQ(work.size(), 5);
  }
}

TEST(Subtree, WhatFailedOnANodeIsNotGivenToItBecauseItAsks) {
  Record record;
  Subtree root(true, FailedOn(1, 50, 52), &record);
  for (uint32_t child : {0, 1}) root.AddChild(child, Work(), 2);
  root.Report(0, Busy(2, 2));
  root.Ask(1);
  EXPECT_TRUE(record.grants.empty());
  root.Ask(0);
  ASSERT_EQ(record.grants.size(), 1);
  EXPECT_EQ(record.grants[0].first, 0);
  // Better than nobody.
  Subtree left(true, FailedOn(1, 50, 52), &record);
  left.AddChild(1, Work(), 2);
  left.Ask(1);
  EXPECT_EQ(record.grants.size(), 2);
}

}  // namespace
}  // namespace cram
