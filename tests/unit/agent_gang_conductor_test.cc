#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "spank/agent/gang/conductor.h"

namespace cram {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ConductorTest : public ::testing::Test, protected Conductor::Host {
 protected:
  void Send(uint32_t node, GangOrder order, const Gang& gang) override {
    static constexpr const char* kNames[] = {"reserve", "start", "end",
                                             "dismiss"};
    std::string ranks;
    for (const GangPart& part : gang.parts) {
      if (part.node == node) ranks = absl::StrCat(" ", part.ranks);
    }
    said_.push_back(absl::StrCat(node, " ", kNames[static_cast<int>(order)],
                                 " ", gang.id, ranks));
  }
  void Began(const Gang& gang) override {
    said_.push_back(absl::StrCat(gang.subjob.index, " began"));
  }
  void Ended(const Gang& gang, bool lost) override {
    said_.push_back(
        absl::StrCat(gang.subjob.index, lost ? " lost a node" : " ended"));
  }
  void CannotRun(const WideSubJob& subjob) override {
    said_.push_back(absl::StrCat(subjob.index, " cannot run"));
  }
  std::vector<std::string> Said() { return std::exchange(said_, {}); }

  void Add(uint64_t index, uint32_t ranks, uint32_t cpus = 1) {
    WideSubJob subjob;
    subjob.index = index;
    subjob.ranks = ranks;
    subjob.cpus = cpus;
    subjob.cap_bytes = 10;
    conductor_.Add(subjob);
  }
  void Nodes(uint32_t count, uint32_t cpus = 2) {
    for (uint32_t i = 0; i < count; ++i) conductor_.NodeIsHere(i, cpus, 100);
  }
  // They run, and end.
  void RunAll(uint64_t gang, std::vector<uint32_t> nodes) {
    for (GangWord word :
         {GangWord::kReserved, GangWord::kRunning, GangWord::kOver}) {
      if (word == GangWord::kOver) Said();
      Hear(gang, {nodes.rbegin(), nodes.rend()}, word);
    }
  }
  void Hear(uint64_t gang, std::vector<uint32_t> nodes, GangWord word) {
    for (uint32_t node : nodes) conductor_.Heard(node, gang, word);
  }

  std::vector<std::string> said_;
  Conductor conductor_{4, this};
};

TEST_F(ConductorTest, PartZeroStartsWhenAllHaveRoomAndTheOthersAfterIt) {
  Nodes(4);
  Add(7, 3);
  EXPECT_THAT(Said(), ElementsAre("0 reserve 1 2", "1 reserve 1 1"));
  Hear(1, {1}, GangWord::kReserved);
  EXPECT_THAT(Said(), IsEmpty());
  Hear(1, {0}, GangWord::kReserved);
  EXPECT_THAT(Said(), ElementsAre("0 start 1 2"));
  Hear(1, {0}, GangWord::kRunning);
  EXPECT_THAT(Said(), ElementsAre("7 began", "1 start 1 1"));
  Hear(1, {1}, GangWord::kRunning);
  Hear(1, {1}, GangWord::kOver);
  EXPECT_THAT(Said(), IsEmpty());
  Hear(1, {0}, GangWord::kOver);
  EXPECT_THAT(Said(), ElementsAre("7 ended", "0 dismiss 1 2", "1 dismiss 1 1"));
  EXPECT_EQ(conductor_.running(), 0u);
}

TEST_F(ConductorTest, TheWidestGoesFirstAndIsNotOvertaken) {
  Nodes(4);
  Add(1, 4);
  EXPECT_THAT(Said(), ElementsAre("0 reserve 1 2", "1 reserve 1 2"));
  Add(2, 3);
  EXPECT_THAT(Said(), ElementsAre("2 reserve 2 2", "3 reserve 2 1"));
  Add(3, 3);
  Add(4, 8);
  RunAll(1, {0, 1});
  EXPECT_THAT(Said(), ElementsAre("1 ended", "0 dismiss 1 2", "1 dismiss 1 2"));
  RunAll(2, {2, 3});
  EXPECT_THAT(Said(), ElementsAre("2 ended", "2 dismiss 2 2", "3 dismiss 2 1",
                                  "0 reserve 3 2", "1 reserve 3 2",
                                  "2 reserve 3 2", "3 reserve 3 2"));
}

TEST_F(ConductorTest, AGangStaysTogetherForTheNextOfItsWidth) {
  Nodes(4);
  for (uint64_t index = 1; index <= 3; ++index) Add(index, 4);
  RunAll(1, {0, 1});
  EXPECT_THAT(Said(), ElementsAre("1 ended", "0 reserve 3 2", "1 reserve 3 2"));
}

TEST_F(ConductorTest, WaitsForNodesAndGivesUpWhenThereAreTooFew) {
  Nodes(1);
  Add(1, 8);
  Add(2, 9);
  EXPECT_THAT(Said(), IsEmpty());
  for (uint32_t node : {1, 2}) conductor_.NodeIsHere(node, 2, 100);
  EXPECT_THAT(Said(), IsEmpty());
  conductor_.NodeIsHere(3, 2, 100);
  EXPECT_THAT(Said(),
              ElementsAre("2 cannot run", "0 reserve 1 2", "1 reserve 1 2",
                          "2 reserve 1 2", "3 reserve 1 2"));
}

TEST_F(ConductorTest, TakesTheLargestNodesAndNoneThatLacksMemory) {
  conductor_.NodeIsHere(0, 2, 100);
  conductor_.NodeIsHere(1, 8, 100);
  conductor_.NodeIsHere(2, 4, 5);
  conductor_.NodeIsHere(3, 4, 100);
  Add(1, 5, 2);
  EXPECT_THAT(Said(), ElementsAre("1 reserve 1 4", "3 reserve 1 1"));
}

TEST_F(ConductorTest, ALostNodeEndsTheOtherParts) {
  Nodes(4);
  Add(1, 4);
  Hear(1, {0, 1}, GangWord::kReserved);
  Hear(1, {0, 1}, GangWord::kRunning);
  Said();
  conductor_.NodeIsLost(1);
  EXPECT_THAT(Said(), ElementsAre("0 end 1 2"));
  Hear(1, {0}, GangWord::kOver);
  EXPECT_THAT(Said(), ElementsAre("1 lost a node", "0 dismiss 1 2"));
  Add(2, 4);
  EXPECT_THAT(Said(), ElementsAre("0 reserve 2 2", "2 reserve 2 2"));
}

TEST_F(ConductorTest, APartThatEndsBeforeTheStartEndsTheOthers) {
  Nodes(4);
  Add(1, 4);
  Hear(1, {1}, GangWord::kReserved);
  Said();
  Hear(1, {0}, GangWord::kOver);
  EXPECT_THAT(Said(), ElementsAre("1 end 1 2"));
}

TEST_F(ConductorTest, CancelsWhatWaitsAndEndsWhatRuns) {
  Nodes(4);
  for (uint64_t index = 1; index <= 3; ++index) Add(index, 8);
  Said();
  std::vector<WideSubJob> removed =
      conductor_.Cancel([](uint64_t index) { return index < 3; });
  ASSERT_EQ(removed.size(), 1u);
  EXPECT_EQ(removed[0].index, 2u);
  EXPECT_EQ(Said().size(), 4u);
  EXPECT_EQ(conductor_.waiting(), 1u);
}

TEST_F(ConductorTest, RepeatsWhatWasNotAnswered) {
  Nodes(2);
  Add(1, 4);
  Hear(1, {1}, GangWord::kReserved);
  Said();
  conductor_.Repeat();
  EXPECT_THAT(Said(), ElementsAre("0 reserve 1 2"));
  conductor_.Heard(1, 99, GangWord::kOver);
  EXPECT_THAT(Said(), ElementsAre("1 dismiss 99"));
}

// Nodes that answer or do not, come to harm, in any order: every sub-job ends
// once, and none is on a node that is in another gang.
TEST_F(ConductorTest, WhateverHappensEverySubJobEndsOnce) {
  struct Run : Conductor::Host {
    void Send(uint32_t node, GangOrder order, const Gang& gang) override {
      if (order == GangOrder::kDismiss) {
        holds.erase(node);
        return;
      }
      if (order == GangOrder::kReserve) {
        auto held = holds.find(node);
        EXPECT_TRUE(held == holds.end() || held->second == gang.id ||
                    held->second == gang.follows);
        holds[node] = gang.id;
      }
      orders.emplace_back(node, order, gang.id);
    }
    void Began(const Gang&) override {}
    void Ended(const Gang& gang, bool) override { ++ended[gang.subjob.index]; }
    void CannotRun(const WideSubJob& subjob) override { ++ended[subjob.index]; }
    std::map<uint32_t, uint64_t> holds;
    std::vector<std::tuple<uint32_t, GangOrder, uint64_t>> orders;
    std::map<uint64_t, int> ended;
  };
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    Run run;
    Conductor conductor(6, &run);
    std::set<uint32_t> lost;
    for (uint32_t node = 0; node < 6; ++node) {
      conductor.NodeIsHere(node, 2 + random() % 3, 100);
    }
    for (uint64_t index = 0; index < 20; ++index) {
      WideSubJob subjob;
      subjob.index = index;
      subjob.ranks = 3 + random() % 8;
      conductor.Add(subjob);
    }
    for (int step = 0; step < 100000 && run.ended.size() < 20; ++step) {
      if (run.orders.empty() || random() % 10 == 0) conductor.Repeat();
      if (run.orders.empty()) break;
      if (lost.size() < 2 && random() % 100 == 0) {
        uint32_t node = random() % 6;
        lost.insert(node);
        run.holds.erase(node);
        conductor.NodeIsLost(node);
      }
      size_t which = random() % run.orders.size();
      auto [node, order, gang] = run.orders[which];
      run.orders.erase(run.orders.begin() + static_cast<ptrdiff_t>(which));
      if (lost.count(node) != 0 || random() % 4 == 0) continue;
      GangWord word = order == GangOrder::kReserve ? GangWord::kReserved
                      : order == GangOrder::kEnd   ? GangWord::kOver
                      : random() % 3 == 0          ? GangWord::kRunning
                                                   : GangWord::kOver;
      conductor.Heard(node, gang, word);
      if (word == GangWord::kRunning)
        conductor.Heard(node, gang, GangWord::kOver);
    }
    ASSERT_EQ(run.ended.size(), 20u) << "seed " << seed;
    for (const auto& [index, times] : run.ended) ASSERT_EQ(times, 1) << index;
  }
}

}  // namespace
}  // namespace cram
