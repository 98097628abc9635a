#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "spank/agent/share/first_share.h"
#include "spank/agent/share/root_pool.h"

namespace cram {
namespace {

constexpr size_t kDone = static_cast<size_t>(State::kCompleted);

// Nodes that do as members do, over links that keep order and delay at will:
// every step of the run is a choice of the test.
class SimulatedRun : private Members {
 public:
  SimulatedRun(uint64_t subjobs, uint32_t nodes, uint32_t slots)
      : slots_(slots), nodes_(nodes), pool_(subjobs, nodes, this) {
    for (uint32_t node = 0; node < nodes; ++node) {
      nodes_[node].waiting = IndexSet(FirstShare(subjobs, nodes, node));
      StartMore(&nodes_[node]);
    }
  }

  uint32_t nodes() const { return static_cast<uint32_t>(nodes_.size()); }
  RootPool& pool() { return pool_; }
  bool lost(uint32_t node) const { return nodes_[node].lost; }
  int finishes(uint32_t node) const { return nodes_[node].finishes; }
  uint64_t ran(uint32_t node) const { return nodes_[node].done; }
  const std::map<uint64_t, int>& times_run() const { return times_run_; }
  int recalls() const { return recalls_; }

  // The first of what runs on the node ends, and the next starts at once.
  bool End(uint32_t node) {
    Node& n = nodes_[node];
    if (n.gone() || n.running.empty()) return false;
    ++times_run_[n.running.front()];
    n.running.pop_front();
    ++n.done;
    StartMore(&n);
    return true;
  }
  // As Role::Update: counts, then the wish for more.
  bool Update(uint32_t node) {
    Node& n = nodes_[node];
    if (n.gone()) return false;
    RootPool::Progress progress;
    progress.finished[kDone] = n.done;
    progress.unstarted = n.waiting.size();
    progress.running = static_cast<uint32_t>(n.running.size());
    progress.stopping = n.stopping;
    n.up.push_back([this, node, progress] { pool_.Report(node, progress); });
    if (!n.asked && !n.stopping && n.waiting.size() < slots_) {
      n.asked = true;
      n.up.push_back([this, node] { pool_.Ask(node); });
    }
    return true;
  }
  // Delivers one message of the node to the root, or the other way.
  bool DeliverUp(uint32_t node) { return Deliver(node, &Node::up); }
  bool DeliverDown(uint32_t node) { return Deliver(node, &Node::down); }

  void Lose(uint32_t node) {
    nodes_[node].lost = true;
    nodes_[node].up.clear();
    nodes_[node].down.clear();
    pool_.Lost(node);
  }
  void Stop() {
    for (Node& n : nodes_) {
      n.down.push_back([&n] { n.Stop(); });
    }
    pool_.Stop();
  }
  // One node alone was told to stop; the root was not.
  void StopNode(uint32_t node) { nodes_[node].Stop(); }

  // Everything that can happen, round after round, until the run is over.
  bool RunToTheEnd() {
    for (int round = 0; round < 10000 && !pool_.finished(); ++round) {
      for (uint32_t node = 0; node < nodes(); ++node) {
        while (End(node)) {
        }
        Update(node);
        while (DeliverUp(node)) {
        }
        while (DeliverDown(node)) {
        }
      }
    }
    for (uint32_t node = 0; node < nodes(); ++node) {
      while (DeliverDown(node)) {
      }
    }
    return pool_.finished();
  }

 private:
  struct Node {
    IndexSet waiting;
    std::deque<uint64_t> running;
    uint64_t done = 0;
    bool asked = false, stopping = false, lost = false;
    int finishes = 0;
    std::deque<std::function<void()>> up, down;

    bool gone() const { return lost || finishes > 0; }
    void Stop() {
      stopping = true;
      waiting = IndexSet();
    }
  };

  void StartMore(Node* n) {
    while (!n->waiting.empty() && n->running.size() < slots_) {
      n->running.push_back(n->waiting.TakeFront(1).front());
    }
  }

  bool Deliver(uint32_t node, std::deque<std::function<void()>> Node::*way) {
    std::deque<std::function<void()>>& queue = nodes_[node].*way;
    if (queue.empty()) return false;
    std::function<void()> message = std::move(queue.front());
    queue.pop_front();
    message();
    return true;
  }

  void Grant(uint32_t node, const IndexSet& indexes) override {
    EXPECT_FALSE(nodes_[node].lost);
    EXPECT_FALSE(indexes.empty());
    nodes_[node].down.push_back([this, node, indexes] {
      Node& n = nodes_[node];
      n.asked = false;
      if (n.stopping) return;
      n.waiting.AddAll(indexes);
      StartMore(&n);
    });
  }
  void Recall(uint32_t node, uint64_t count) override {
    EXPECT_FALSE(nodes_[node].lost);
    EXPECT_GT(count, 0U);
    ++recalls_;
    nodes_[node].down.push_back([this, node, count] {
      Node& n = nodes_[node];
      IndexSet back = n.waiting.TakeBack(count);
      n.up.push_back([this, node, back] { pool_.Returned(node, back); });
    });
  }
  void Finish(uint32_t node) override {
    EXPECT_FALSE(nodes_[node].lost);
    ++nodes_[node].finishes;
  }

  uint32_t slots_;
  std::vector<Node> nodes_;
  std::map<uint64_t, int> times_run_;
  int recalls_ = 0;
  RootPool pool_;
};

void ExpectEachRanOnce(const SimulatedRun& run, uint64_t subjobs) {
  EXPECT_EQ(run.times_run().size(), subjobs);
  for (const auto& [index, times] : run.times_run()) {
    EXPECT_EQ(times, 1) << "sub-job " << index;
  }
}

TEST(RootPool, GivesOutEverySubJobOnceAndEnds) {
  for (uint32_t nodes : {1, 2, 3, 8}) {
    for (uint64_t subjobs : {1, 2, 7, 100, 1000}) {
      SimulatedRun run(subjobs, nodes, 2);
      ASSERT_TRUE(run.RunToTheEnd()) << subjobs << " on " << nodes;
      ExpectEachRanOnce(run, subjobs);
      EXPECT_EQ(run.pool().Totals().finished[kDone], subjobs);
      for (uint32_t node = 0; node < nodes; ++node) {
        EXPECT_EQ(run.finishes(node), 1);
      }
    }
  }
}

TEST(RootPool, WithoutFirstSharesGivesOutWhatIsLeft) {
  struct Record : Members {
    void Grant(uint32_t, const IndexSet& indexes) override {
      granted.AddAll(indexes);
    }
    void Recall(uint32_t, uint64_t) override {}
    void Finish(uint32_t) override { ++finishes; }
    IndexSet granted;
    int finishes = 0;
  } record;
  IndexSet left = *IndexSet::Parse("3,10-20,40");
  RootPool pool(Work(left), 2, &record);
  EXPECT_EQ(pool.Totals().unstarted, 13U);
  for (int i = 0; i < 20; ++i) pool.Ask(1);
  EXPECT_EQ(record.granted, left);
  RootPool::Progress done;
  done.finished[kDone] = 13;
  pool.Report(1, done);
  EXPECT_EQ(record.finishes, 2);
}

TEST(RootPool, SharesShrinkAsThePoolDoes) {
  struct Sizes : Members {
    void Grant(uint32_t, const IndexSet& indexes) override {
      granted.push_back(indexes.size());
    }
    void Recall(uint32_t, uint64_t) override {}
    void Finish(uint32_t) override {}
    std::vector<uint64_t> granted;
  } sizes;
  RootPool pool(1000, 2, &sizes);
  for (int i = 0; i < 12; ++i) pool.Ask(i % 2);
  ASSERT_EQ(sizes.granted.size(), 12U);
  EXPECT_EQ(sizes.granted.front(), 125U);
  for (size_t i = 1; i < sizes.granted.size(); ++i) {
    EXPECT_LE(sizes.granted[i], sizes.granted[i - 1]);
  }
  EXPECT_LE(sizes.granted.back(), 10U);
}

TEST(RootPool, RelievesTheNodeWithLongRuns) {
  SimulatedRun run(1000, 2, 1);
  // Node 1 never ends one; node 0 ends as many as it gets.
  for (int round = 0; round < 5000; ++round) {
    for (uint32_t node : {0, 1}) {
      if (node == 0) run.End(node);
      run.Update(node);
      while (run.DeliverUp(node)) {
      }
      while (run.DeliverDown(node)) {
      }
    }
  }
  EXPECT_GT(run.recalls(), 0);
  EXPECT_EQ(run.ran(0), 999U);
  EXPECT_FALSE(run.pool().finished());
  ASSERT_TRUE(run.RunToTheEnd());
  ExpectEachRanOnce(run, 1000);
}

TEST(RootPool, EndsWithoutTheNodeThatIsLost) {
  SimulatedRun run(100, 3, 2);
  run.Lose(2);
  ASSERT_TRUE(run.RunToTheEnd());
  EXPECT_EQ(run.pool().nodes_lost(), 1U);
  EXPECT_TRUE(run.pool().lost(2));
  EXPECT_EQ(run.finishes(2), 0);
  // All but the first share of the lost one.
  EXPECT_EQ(run.pool().Totals().finished[kDone],
            100 - FirstShare(100, 3, 2).size());
}

TEST(RootPool, StillCountsWhatALostNodeHadReported) {
  SimulatedRun run(100, 2, 2);
  run.End(1);
  run.Update(1);
  while (run.DeliverUp(1)) {
  }
  run.Lose(1);
  EXPECT_EQ(run.pool().Totals().finished[kDone], 1U);
  EXPECT_EQ(run.pool().Totals().running, 0U);
}

TEST(RootPool, StopWaitsForWhatRuns) {
  SimulatedRun run(100, 2, 2);
  run.Stop();
  for (uint32_t node : {0, 1}) {
    while (run.DeliverDown(node)) {
    }
    run.Update(node);
    while (run.DeliverUp(node)) {
    }
  }
  EXPECT_FALSE(run.pool().finished());
  for (uint32_t node : {0, 1}) {
    while (run.End(node)) {
    }
    run.Update(node);
    while (run.DeliverUp(node)) {
    }
  }
  EXPECT_TRUE(run.pool().finished());
}

TEST(RootPool, EndsAlthoughOneNodeStoppedOnItsOwn) {
  SimulatedRun run(100, 3, 2);
  run.StopNode(2);
  ASSERT_TRUE(run.RunToTheEnd());
  EXPECT_EQ(run.ran(2), 2U);
  EXPECT_GE(run.times_run().size(),
            100 - FirstShare(100, 3, 2).size() + run.ran(2));
}

TEST(RootPool, IsNotAskedInVainOfALostNode) {
  SimulatedRun run(10, 2, 1);
  run.Lose(1);
  RootPool::Progress late;
  late.finished[kDone] = 5;
  run.pool().Report(1, late);
  run.pool().Ask(1);
  run.pool().Returned(1, IndexSet({5, 7}));
  EXPECT_EQ(run.pool().Totals().finished[kDone], 0U);
  EXPECT_TRUE(run.RunToTheEnd());
}

// Thousands of schedules: which node acts, which message arrives when, which
// node is lost and when the run is stopped are all chance.
class RandomSchedules : public testing::TestWithParam<int> {};

TEST_P(RandomSchedules, NeitherHangNorRunASubJobTwice) {
  std::mt19937 random(GetParam());
  for (int i = 0; i < 500; ++i) {
    uint32_t nodes = 1 + random() % 6;
    uint64_t subjobs = 1 + random() % 200;
    SimulatedRun run(subjobs, nodes, 1 + random() % 4);
    bool losses = random() % 2 == 0;
    bool stops = random() % 4 == 0;
    bool any_lost = false, stopped = false;
    for (int step = 0; step < 2000 && !run.pool().finished(); ++step) {
      uint32_t node = random() % nodes;
      switch (random() % 6) {
        case 0:
        case 1:
          run.End(node);
          break;
        case 2:
          run.Update(node);
          break;
        case 3:
          run.DeliverUp(node);
          break;
        case 4:
          run.DeliverDown(node);
          break;
        case 5:
          if (losses && node != 0 && !run.lost(node) && random() % 50 == 0) {
            any_lost = true;
            run.Lose(node);
          }
          if (stops && !stopped && random() % 100 == 0) {
            stopped = true;
            run.Stop();
          }
          break;
      }
    }
    ASSERT_TRUE(run.RunToTheEnd())
        << "schedule " << GetParam() << "." << i << ": " << subjobs << " on "
        << nodes << (any_lost ? ", with losses" : "")
        << (stopped ? ", stopped" : "");
    for (const auto& [index, times] : run.times_run()) {
      ASSERT_EQ(times, 1) << "sub-job " << index;
      ASSERT_LT(index, subjobs);
    }
    if (!any_lost && !stopped) {
      ASSERT_EQ(run.times_run().size(), subjobs);
    }
    // All that is not lost is told to finish, once, and is accounted for.
    uint64_t ran_by_the_living = 0;
    for (uint32_t node = 0; node < nodes; ++node) {
      ASSERT_EQ(run.finishes(node), run.lost(node) ? 0 : 1);
      if (!run.lost(node)) ran_by_the_living += run.ran(node);
    }
    ASSERT_GE(run.pool().Totals().finished[kDone], ran_by_the_living);
    ASSERT_LE(run.pool().Totals().finished[kDone], run.times_run().size());
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomSchedules, testing::Range(1, 9));

}  // namespace
}  // namespace cram
