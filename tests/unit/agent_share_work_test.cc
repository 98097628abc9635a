#include <gtest/gtest.h>

#include "spank/agent/share/work.h"

namespace cram {
namespace {

Work Example() {
  Work work(IndexSet({0, 10}));
  work.Add(20, {1, 0, 1, 0});
  work.Add(22, {2, 1, 1, 4096});
  return work;
}

TEST(Work, RemembersWhatWasTried) {
  Work work = Example();
  EXPECT_EQ(work.indexes().ToString(), "0-9,20,22");
  EXPECT_EQ(work.size(), 12U);
  EXPECT_EQ(work.TriedOf(20).attempts, 1U);
  EXPECT_EQ(work.TriedOf(22).cap_bytes, 4096U);
  EXPECT_EQ(work.TriedOf(3).attempts, 0U);
  EXPECT_EQ(work.tried().size(), 2U);
}

TEST(Work, WhatIsTakenTakesItsPastAlong) {
  Work work = Example();
  Work last = work.TakeBack(2);
  EXPECT_EQ(last.indexes().ToString(), "20,22");
  EXPECT_EQ(last.TriedOf(20).losses, 1U);
  EXPECT_TRUE(work.tried().empty());
  EXPECT_EQ(work.TakeFront(3).indexes().ToString(), "0-2");
  work.AddAll(last);
  EXPECT_EQ(work.indexes().ToString(), "3-9,20,22");
  EXPECT_EQ(work.TriedOf(22).failures, 1U);
}

TEST(Work, TakesWhatItHasOfASet) {
  Work work = Example();
  IndexSet wanted = *IndexSet::Parse("5,8-21,30");
  Work taken = work.Take(wanted);
  EXPECT_EQ(taken.indexes().ToString(), "5,8-9,20");
  EXPECT_EQ(taken.tried().size(), 1U);
  EXPECT_EQ(work.indexes().ToString(), "0-4,6-7,22");
  EXPECT_EQ(work.tried().size(), 1U);
}

TEST(Work, ForgetsWhatIsRemoved) {
  Work work = Example();
  work.Remove(*IndexSet::Parse("4-20"));
  EXPECT_EQ(work.indexes().ToString(), "0-3,22");
  EXPECT_EQ(work.tried().size(), 1U);
}

}  // namespace
}  // namespace cram
