#include <gtest/gtest.h>

#include <random>

#include "tests/unit/said_by_subtree.h"
#include "tests/unit/simulated_tree.h"

namespace cram {
namespace {

void ExpectEachCompletedOnce(const SimulatedTree& run, uint64_t subjobs) {
  EXPECT_EQ(run.times_completed().size(), subjobs);
  for (const auto& [index, times] : run.times_completed()) {
    ASSERT_EQ(times, 1) << "sub-job " << index;
  }
}

TEST(Subtree, RunsEverySubJobOnceAndEnds) {
  for (uint32_t nodes : {1, 2, 3, 8, 40}) {
    for (uint64_t subjobs : {1, 2, 7, 100, 1000}) {
      SimulatedTree run(subjobs, nodes, 3, 2);
      ASSERT_TRUE(run.RunToTheEnd()) << subjobs << " on " << nodes;
      ExpectEachCompletedOnce(run, subjobs);
      EXPECT_EQ(run.subtree(0).Totals().finished[SimulatedTree::kDone],
                subjobs);
      for (uint32_t id = 0; id < nodes; ++id) EXPECT_TRUE(run.finished(id));
    }
  }
}

TEST(Subtree, GivesOutWhatIsBehindThePoolAfterIt) {
  Record record;
  Subtree root(true, Some(10, 12), &record, Some(0, 5));
  root.AddChild(0, Work(), 1);
  EXPECT_EQ(root.Totals().unstarted, 7U);
  root.Ask(0);
  root.Report(0, Busy(0, 1, 2));
  EXPECT_FALSE(root.finished());
  root.Ask(0);
  ASSERT_EQ(record.grants.size(), 2U);
  EXPECT_EQ(record.grants[0].second.indexes().ToString(), "10-11");
  EXPECT_EQ(record.grants[1].second.indexes().ToString(), "0-4");
  root.Report(0, Busy(0, 1, 7));
  EXPECT_TRUE(root.finished());
}

TEST(Subtree, WhoRunsNothingWhenNothingWaitsMayLeave) {
  Record record;
  Subtree root(true, Work(), &record);
  root.AddChild(0, Some(0, 1), 1);
  root.AddChild(1, Some(1, 2), 1);
  root.AddChild(2, Some(2, 4), 1);
  root.Report(0, Busy(1, 1));
  root.Report(1, Busy(0, 1, 1));
  root.Report(2, Busy(1, 1));
  EXPECT_TRUE(root.Unneeded().empty());
  root.Report(2, Busy(1, 1, 1));
  EXPECT_EQ(root.Unneeded(), std::vector<uint32_t>({1}));
  root.Retire(1);
  EXPECT_EQ(record.finishes, std::vector<uint32_t>({1}));
  EXPECT_TRUE(root.Unneeded().empty());
  EXPECT_EQ(root.Totals().finished[SimulatedTree::kDone], 2U);
  root.Report(0, Busy(0, 1, 1));
  root.Report(2, Busy(0, 1, 2));
  EXPECT_TRUE(root.finished());
}

TEST(Subtree, WithoutFirstSharesRunsWhatIsLeft) {
  Work left(*IndexSet::Parse("3,10-200,400"));
  left.Add(500, {2, 1, 0, 0});
  SimulatedTree run(1000, 9, 3, 2, &left);
  ASSERT_TRUE(run.RunToTheEnd());
  ExpectEachCompletedOnce(run, left.size());
  EXPECT_EQ(run.last_attempt().at(500), 2U);
  EXPECT_EQ(run.last_attempt().at(3), 0U);
}

TEST(Subtree, SharesShrinkAsThePoolDoes) {
  Record record;
  Subtree root(true, Some(0, 1000), &record);
  root.AddChild(0, Work(), 1);
  root.AddChild(1, Work(), 1);
  for (uint32_t i = 0; i < 12; ++i) root.Ask(i % 2);
  ASSERT_EQ(record.grants.size(), 12U);
  EXPECT_EQ(record.grants.front().second.size(), 250U);
  for (size_t i = 1; i < record.grants.size(); ++i) {
    EXPECT_LE(record.grants[i].second.size(),
              record.grants[i - 1].second.size());
  }
  EXPECT_LE(record.grants.back().second.size(), 50U);
}

TEST(Subtree, ANodeOfMoreSlotsGetsMore) {
  Record record;
  Subtree root(true, Some(0, 7200), &record);
  root.AddChild(0, Work(), 8);
  root.AddChild(1, Work(), 64);
  root.Ask(1);
  root.Ask(0);
  ASSERT_EQ(record.grants.size(), 2U);
  EXPECT_EQ(record.grants[0].second.size(), 3200U);
  EXPECT_NEAR(record.grants[1].second.size(), 222, 1);
}

TEST(Subtree, TheLastOnesAreGivenOutAtOnce) {
  Record record;
  Subtree root(true, Some(0, 16), &record);
  root.AddChild(0, Work(), 16);
  root.AddChild(1, Work(), 16);
  root.Ask(0);
  ASSERT_EQ(record.grants.size(), 1U);
  EXPECT_EQ(record.grants[0].second.size(), 9U);
}

TEST(Subtree, ToManyNodesNoSmallPieceIsGiven) {
  Record record;
  Subtree root(true, Some(0, 100), &record);
  root.AddChild(0, Work(), 16);
  for (uint32_t id = 1; id <= 32; ++id) root.AddChild(id, Work(), 3200);
  for (uint32_t id = 1; id <= 32; ++id) root.Ask(id);
  ASSERT_EQ(record.grants.size(), 1U);
  EXPECT_EQ(record.grants[0].second.size(), 100U);
}

TEST(Subtree, WhatIsOnItsWayToIdleSlotsIsNotTakenBack) {
  Record record;
  Subtree root(true, Work(), &record);
  root.AddChild(0, Work(), 16);
  root.AddChild(1, Some(0, 20), 16);
  root.Report(0, Busy(0, 16));
  root.Report(1, Busy(0, 16));
  root.Ask(0);
  ASSERT_EQ(record.recalls.size(), 1U);
  EXPECT_EQ(record.recalls[0].second, 4U);
  root.Returned(1, Some(16, 20));
  root.Ask(0);
  EXPECT_EQ(record.recalls.size(), 1U);
}

TEST(Subtree, TakesBackFromThoseWhoHaveMoreThanTheirPart) {
  Record record;
  Subtree root(true, Work(), &record);
  root.AddChild(0, Some(0, 4), 4);
  root.AddChild(1, Some(4, 108), 4);
  root.AddChild(2, Some(108, 114), 4);
  root.Report(1, Busy(4, 4));
  root.Report(2, Busy(4, 4));
  root.Report(0, Busy(0, 4, 4));
  EXPECT_TRUE(record.recalls.empty());
  root.Ask(0);
  ASSERT_EQ(record.recalls.size(), 1U);
  EXPECT_EQ(record.recalls[0].first, 1U);
  EXPECT_EQ(record.recalls[0].second, 34U);
  root.Returned(1, Some(74, 108));
  ASSERT_EQ(record.grants.size(), 1U);
  EXPECT_EQ(record.grants[0].first, 0U);
}

TEST(Subtree, AnIdleSlotTakesTheLastThatWaitsElsewhere) {
  Record record;
  Subtree root(true, Work(), &record);
  root.AddChild(0, Work(), 1);
  root.AddChild(1, Some(0, 2), 1);
  root.Report(1, Busy(1, 1));
  root.Ask(1);  // it is low itself
  root.Report(0, Busy(0, 1));
  root.Ask(0);
  ASSERT_EQ(record.recalls.size(), 1U);
  EXPECT_EQ(record.recalls[0].first, 1U);
}

TEST(Subtree, WhoHasNothingToGiveIsNotAskedAgainAtOnce) {
  Record record;
  Subtree root(true, Work(), &record);
  root.AddChild(0, Work(), 1);
  root.AddChild(1, Some(0, 9), 1);
  root.Report(1, Busy(1, 1));
  root.Report(0, Busy(0, 1));
  root.Ask(0);
  ASSERT_EQ(record.recalls.size(), 1U);
  root.Returned(1, Work());
  EXPECT_EQ(record.recalls.size(), 1U);
}

TEST(Subtree, AsksAboveBeforeItRunsDry) {
  Record record;
  Subtree inner(false, Work(), &record);
  inner.ParentJoined();
  inner.AddChild(1, Some(0, 20), 4);
  inner.Report(1, Busy(4, 4, 11));
  EXPECT_EQ(record.asks, 0);
  inner.Report(1, Busy(4, 4, 13));
  EXPECT_EQ(record.asks, 1);
  inner.Report(1, Busy(4, 4, 14));
  EXPECT_EQ(record.asks, 1);
  inner.Granted(Some(50, 60));
  inner.Ask(1);
  ASSERT_EQ(record.grants.size(), 1U);
  EXPECT_EQ(record.grants[0].second.size(), 10U);
}

TEST(Subtree, ARecallGoesDownTheTree) {
  Record record;
  Subtree inner(false, Work(), &record);
  inner.ParentJoined();
  inner.AddChild(1, Some(0, 20), 2);
  inner.AddChild(40, Some(20, 100), 2);
  inner.Report(1, Busy(2, 2));
  inner.Report(40, Busy(2, 2));
  inner.Recalled(50);
  ASSERT_EQ(record.recalls.size(), 1U);
  EXPECT_EQ(record.recalls[0], std::make_pair(40U, uint64_t{50}));
  EXPECT_TRUE(record.returns.empty());
  inner.Returned(40, Some(50, 100));
  ASSERT_EQ(record.returns.size(), 1U);
  EXPECT_EQ(record.returns[0].size(), 50U);
  inner.Recalled(1000);
  EXPECT_EQ(record.recalls.size(), 3U);
  inner.Returned(1, Work());
  inner.Returned(40, Some(22, 50));
  EXPECT_EQ(record.returns[1].indexes().ToString(), "22-49");
  EXPECT_EQ(inner.Holds().indexes().ToString(), "0-21");
}

TEST(Subtree, ARecallIsAnsweredAlthoughTheChildIsGone) {
  Record record;
  Subtree inner(false, Work(), &record);
  inner.ParentJoined();
  inner.AddChild(1, Some(0, 20), 2);
  inner.Report(1, Busy(2, 2));
  inner.Recalled(5);
  EXPECT_TRUE(record.returns.empty());
  inner.Missing(1);
  ASSERT_EQ(record.returns.size(), 1U);
  EXPECT_TRUE(record.returns[0].empty());
}

TEST(Subtree, WhatIsToGoUpStaysHereWhileTheParentIsAway) {
  Record record;
  Subtree inner(false, Work(), &record);
  inner.AddChild(1, Some(0, 20), 2);
  inner.ParentJoined();
  inner.Report(1, Busy(2, 2));
  inner.Recalled(5);
  inner.ParentMissing();
  inner.Returned(1, Some(15, 20));
  inner.Missing(1);
  EXPECT_TRUE(record.returns.empty());
  EXPECT_EQ(inner.Holds().indexes().ToString(), "0-19");
  inner.ParentJoined();
  ASSERT_EQ(record.returns.size(), 1U);
  EXPECT_EQ(record.returns[0].indexes().ToString(), "15-19");
}

TEST(Subtree, WhoStartsNothingMorePassesOnWhatStillArrives) {
  Record record;
  Subtree leaf(false, Work(), &record);
  leaf.ParentJoined();
  leaf.AddChild(5, Work(), 2);
  leaf.Ask(5);
  Progress stopping = Busy(0, 2);
  stopping.stopping = true;
  leaf.Report(5, stopping);
  leaf.Granted(Some(7, 9));
  ASSERT_EQ(record.returns.size(), 1U);
  EXPECT_EQ(record.returns[0].indexes().ToString(), "7-8");
}

TEST(Subtree, WhatALostChildLeftIsRunByOthersAndItsCountsStay) {
  Record record;
  Subtree root(true, Work(), &record);
  root.AddChild(0, Some(0, 4), 2);
  root.AddChild(1, Some(4, 10), 2);
  root.Report(1, Busy(2, 2, 1));
  root.Report(0, Busy(0, 2, 4));
  root.Ask(0);
  root.Missing(1);
  record.grants.clear();
  Work again(IndexSet({7, 10}));
  again.Add(6, {1, 0, 1, 0});
  std::array<uint64_t, kStates> finished = {};
  finished[SimulatedTree::kDone] = 2;
  root.Lost(1, again, finished);
  ASSERT_EQ(record.grants.size(), 1U);
  EXPECT_EQ(record.grants[0].second.indexes().ToString(), "6-9");
  EXPECT_EQ(record.grants[0].second.TriedOf(6).attempts, 1U);
  EXPECT_EQ(root.Totals().finished[SimulatedTree::kDone], 6U);
  root.Report(0, Busy(0, 2, 8));
  EXPECT_EQ(record.finishes, std::vector<uint32_t>{0});
}

TEST(Subtree, WhoIsMissingIsWaitedForAlthoughItsChildrenCame) {
  Record record;
  Subtree root(true, Work(), &record);
  root.AddChild(0, Some(0, 4), 2);
  root.AddChild(1, Some(4, 30), 4);
  root.Report(0, Busy(0, 2, 4));
  root.Report(1, Busy(2, 4, 20));
  root.Missing(1);
  root.Adopt(33, Some(10, 20), 1);
  root.Report(33, Busy(0, 2, 10));
  EXPECT_TRUE(record.finishes.empty());
  EXPECT_EQ(root.Totals().finished[SimulatedTree::kDone], 14U);
  EXPECT_EQ(root.Totals().slots, 4U);
  std::array<uint64_t, kStates> finished = {};
  finished[SimulatedTree::kDone] = 16;
  root.Lost(1, Work(), finished);
  EXPECT_EQ(record.finishes.size(), 2U);
  EXPECT_EQ(root.Totals().finished[SimulatedTree::kDone], 30U);
}

TEST(Subtree, WhatDidNotArriveBeforeAConnectionBrokeIsGivenOutAgain) {
  Record record;
  Subtree root(true, Some(10, 12), &record);
  root.AddChild(1, Some(0, 10), 1);
  root.Ask(1);
  ASSERT_EQ(record.grants.size(), 1U);
  root.Missing(1);
  root.Joined(1, Some(0, 10));
  root.Ask(1);
  ASSERT_EQ(record.grants.size(), 2U);
  EXPECT_EQ(record.grants[1].second.indexes().ToString(), "10-11");
}

TEST(Subtree, EndsAfterAStopWhateverIsLeft) {
  SimulatedTree run(1000, 13, 3, 2);
  for (uint32_t id = 0; id < 13; ++id) run.Update(id);
  run.Stop();
  ASSERT_TRUE(run.RunToTheEnd());
  EXPECT_LT(run.times_completed().size(), 1000U);
  for (uint32_t id = 0; id < 13; ++id) EXPECT_TRUE(run.finished(id));
}

TEST(Subtree, LosesAndDoublesNothingWhateverHappens) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    uint32_t nodes = 2 + random() % 30;
    uint64_t subjobs = random() % 400;
    SimulatedTree run(subjobs, nodes, 1 + random() % 4, 1 + random() % 3);
    uint32_t kills = random() % 4;
    for (int step = 0; step < 3000; ++step) {
      uint32_t id = random() % nodes;
      uint32_t trouble = random() % 240;
      if (trouble > 2) {
        run.Step(random(), id);
      } else if (trouble == 0) {
        if (!run.Rejoin(id)) run.Part(id);
      } else if (trouble == 1) {
        run.Break(id);
      } else if (kills > 0 && run.Kill(id)) {
        --kills;
      }
    }
    run.RejoinAll();
    run.CheckHeldOnce();
    ASSERT_TRUE(run.RunToTheEnd()) << "seed " << seed;
    ExpectEachCompletedOnce(run, subjobs);
    ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed;
  }
}

// As what failed on the node says of sub-jobs begin..end-1.
}  // namespace
}  // namespace cram
