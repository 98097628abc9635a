#include <gtest/gtest.h>

#include "spank/agent/share/line.h"

namespace cram {
namespace {

Work WorkOf(const char* fresh, std::initializer_list<uint64_t> tried = {}) {
  Work work(*IndexSet::Parse(fresh));
  for (uint64_t index : tried) work.Add(index, {1, 0, 1, 0});
  return work;
}

TEST(Line, NewOnesAscendAndThoseTriedBeforeHaveTheirOwnQueue) {
  Line line;
  line.Add(WorkOf("5,7", {6}));
  line.Add(WorkOf("3", {1}));
  EXPECT_EQ(line.size(), 5);
  EXPECT_EQ(line.Front(Line::Queue::kNew)->place, 3);
  line.PopFront(Line::Queue::kNew);
  EXPECT_EQ(line.Front(Line::Queue::kNew)->place, 5);
  EXPECT_EQ(line.Front(Line::Queue::kAgain)->place, 6);
  EXPECT_EQ(line.Front(Line::Queue::kAgain)->tried.attempts, 1);
  line.PopFront(Line::Queue::kAgain);
  EXPECT_EQ(line.Front(Line::Queue::kAgain)->place, 1);
}

TEST(Line, WhatFailedElsewhereGoesFirst) {
  Line line;
  line.Add(WorkOf("3", {6}));
  Work work;
  work.Add(9, {1, 0, 0, 0, 5});
  line.Add(work);
  EXPECT_EQ(line.Front(Line::Queue::kAgain)->place, 9);
}

TEST(Line, TheFirstToBeRunAgainAndThoseWithATimeGoOnlyWithEverything) {
  Line line;
  line.Add(WorkOf("0-9", {20, 21}));
  line.AddLater({30, {2, 1, 0, 0}}, absl::Seconds(1));
  EXPECT_EQ(line.TakeBack(3).indexes().ToString(), "7-9");
  EXPECT_EQ(line.TakeBack(100).indexes().ToString(), "0-6,21");
  EXPECT_EQ(line.TakeBack(100).size(), 0);
  Work all = line.TakeBack(UINT64_MAX);
  EXPECT_EQ(all.indexes().ToString(), "20,30");
  EXPECT_EQ(all.TriedOf(30).attempts, 2);
  EXPECT_TRUE(line.empty());
}

TEST(Line, WhatIsDueIsTakenInTheOrderOfItsTime) {
  Line line;
  line.AddLater({1, {1, 1, 0, 0}}, absl::Seconds(3));
  line.AddLater({2, {1, 1, 0, 0}}, absl::Seconds(1));
  line.AddLater({3, {1, 1, 0, 0}}, absl::Seconds(2));
  EXPECT_EQ(line.size(), 0);
  EXPECT_FALSE(line.empty());
  EXPECT_EQ(line.next_due(), absl::Seconds(1));
  std::vector<Planned> due = line.TakeDue(absl::Seconds(2));
  ASSERT_EQ(due.size(), 2);
  EXPECT_EQ(due[0].place, 2);
  EXPECT_EQ(due[1].place, 3);
  EXPECT_EQ(line.next_due(), absl::Seconds(3));
}

TEST(Line, WhatIsCancelledLeavesWhereverItWaitsAndWhenItComesLater) {
  Line line;
  line.Add(WorkOf("0-9", {20}));
  line.AddLater({30, {2, 1, 0, 0}}, absl::Seconds(1));
  line.Cancel(*IndexSet::Parse("8-12,20-40"));
  EXPECT_TRUE(line.IsCancelled(11));
  EXPECT_EQ(line.size(), 12);
  line.Add(WorkOf("11"));
  Work cancelled = line.TakeCancelled(100);
  EXPECT_EQ(cancelled.indexes().ToString(), "8-9,11,20,30");
  EXPECT_EQ(cancelled.TriedOf(30).attempts, 2);
  EXPECT_FALSE(line.has_cancelled());
  EXPECT_EQ(line.size(), 8);
  EXPECT_FALSE(line.Front(Line::Queue::kAgain));
  EXPECT_FALSE(line.next_due());
}

}  // namespace
}  // namespace cram
