#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

#include "spank/agent/slots/slots.h"

namespace cram {
namespace {

constexpr uint64_t kGig = 1ULL << 30;

TEST(Slots, AreOneForEachCpuUnlessSaid) {
  EXPECT_EQ(Slots(8, kGig, 0).slots(), 8U);
  EXPECT_EQ(Slots(8, kGig, 3).slots(), 3U);
  EXPECT_EQ(Slots(8, kGig, 20).slots(), 20U);
}

TEST(Slots, DefaultsDivideTheNode) {
  Slots each(8, 8 * kGig, 0);
  EXPECT_EQ(each.DefaultCpus(), 1U);
  EXPECT_EQ(each.DefaultCap(1), kGig);
  EXPECT_EQ(each.DefaultCap(4), 4 * kGig);
  EXPECT_EQ(each.DefaultCap(5), 8 * kGig);

  Slots two(8, 8 * kGig, 2);
  EXPECT_EQ(two.DefaultCpus(), 4U);
  EXPECT_EQ(two.DefaultCap(4), 4 * kGig);
  EXPECT_EQ(two.DefaultCap(1), 4 * kGig);

  Slots many(2, 8 * kGig, 16);
  EXPECT_EQ(many.DefaultCpus(), 1U);
  EXPECT_EQ(many.DefaultCap(1), kGig / 2);
}

TEST(Slots, DefaultsAlwaysFitAsOftenAsThereAreSlots) {
  for (uint32_t cpus : {1, 2, 3, 7, 16}) {
    for (uint32_t slots : {0, 1, 2, 5, 7, 16, 40}) {
      Slots node(cpus, 1000003, slots);
      uint32_t each = node.DefaultCpus();
      uint64_t cap = node.DefaultCap(each);
      ASSERT_GT(cap, 0U);
      ASSERT_TRUE(node.Fits(each, cap));
      for (uint32_t i = 0; i < node.slots(); ++i) {
        ASSERT_TRUE(node.Take(each, cap)) << cpus << " CPUs, " << slots;
      }
      ASSERT_FALSE(node.Take(each, cap));
    }
  }
}

TEST(Slots, FitsIsAboutTheEmptyNode) {
  Slots node(4, kGig, 0);
  ASSERT_TRUE(node.Take(4, kGig));
  EXPECT_TRUE(node.Fits(4, kGig));
  EXPECT_FALSE(node.Fits(5, 1));
  EXPECT_FALSE(node.Fits(1, kGig + 1));
}

TEST(Slots, MemoryHoldsBackWhatCpusWouldAllow) {
  Slots node(4, kGig, 0);
  std::optional<SlotClaim> big = node.Take(1, kGig - 10);
  ASSERT_TRUE(big);
  EXPECT_FALSE(node.Take(1, 11));
  EXPECT_TRUE(node.Take(1, 10));
  node.Release(*big);
  EXPECT_TRUE(node.Take(1, kGig - 10));
}

TEST(Slots, TheLowestFreeSlotIsTaken) {
  Slots node(3, kGig, 0);
  std::optional<SlotClaim> first = node.Take(1, 1);
  std::optional<SlotClaim> second = node.Take(1, 1);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->slot, 0U);
  EXPECT_EQ(second->slot, 1U);
  node.Release(*first);
  EXPECT_EQ(node.Take(1, 1)->slot, 0U);
}

TEST(Slots, NeighboursStayTogether) {
  Slots node(8, kGig, 0);
  EXPECT_EQ(node.Take(3, 1)->cpus, (std::vector<uint32_t>{0, 1, 2}));
  EXPECT_EQ(node.Take(2, 1)->cpus, (std::vector<uint32_t>{3, 4}));
}

TEST(Slots, CpusAreSharedEvenlyWhenThereAreMoreSlots) {
  Slots node(3, kGig, 6);
  std::vector<int> load(3);
  for (int i = 0; i < 6; ++i) {
    std::optional<SlotClaim> claim = node.Take(1, 1);
    ASSERT_TRUE(claim);
    ++load[claim->cpus.at(0)];
  }
  EXPECT_EQ(load, (std::vector<int>{2, 2, 2}));
}

TEST(Slots, OneThatWaitsIsOvertakenIntoRoomThatItDoesNotNeed) {
  Slots node(8, 8 * kGig, 0);
  std::optional<SlotClaim> old = node.Take(1, 6 * kGig);
  ASSERT_TRUE(old);
  ASSERT_FALSE(node.Take(1, 5 * kGig));
  node.Reserve(1, 5 * kGig);
  EXPECT_FALSE(node.TakeReserved());
  EXPECT_TRUE(node.Take(1, kGig));
  EXPECT_TRUE(node.Take(1, kGig));
  node.Release(*old);
  EXPECT_TRUE(node.Take(1, kGig));
  // There is room for this one, but it is kept.
  EXPECT_FALSE(node.Take(1, kGig));
  EXPECT_TRUE(node.TakeReserved());
  EXPECT_FALSE(node.Take(1, kGig));
}

TEST(Slots, CpusAndSlotsAreKeptForOneThatWaitsAsWell) {
  Slots node(4, kGig, 0);
  std::optional<SlotClaim> old = node.Take(2, 1);
  ASSERT_TRUE(old);
  node.Reserve(3, 1);
  EXPECT_FALSE(node.TakeReserved());
  EXPECT_TRUE(node.Take(1, 1));
  EXPECT_FALSE(node.Take(1, 1));
  node.Release(*old);
  EXPECT_FALSE(node.Take(1, 1));
  EXPECT_TRUE(node.TakeReserved());
}

TEST(Slots, OneThatNeedsTheWholeNodeIsNotOvertaken) {
  Slots node(4, kGig, 0);
  std::optional<SlotClaim> old = node.Take(1, 1);
  ASSERT_TRUE(old);
  node.Reserve(1, kGig);
  EXPECT_FALSE(node.Take(1, 1));
  node.Release(*old);
  EXPECT_TRUE(node.TakeReserved());
}

TEST(Slots, NothingIsStartedIntoWhatWasLeftBehind) {
  Slots node(4, kGig, 0);
  std::optional<SlotClaim> first = node.Take(1, kGig / 4);
  ASSERT_TRUE(first);
  node.SetLeftBehind(3, kGig / 2);
  EXPECT_TRUE(node.Take(1, kGig / 4));
  EXPECT_FALSE(node.Take(1, 1));
  node.SetLeftBehind(3, kGig / 4);
  EXPECT_EQ(node.left_behind(), kGig / 4);
  EXPECT_TRUE(node.Take(1, kGig / 4));
  EXPECT_FALSE(node.Take(1, 1));
}

TEST(Slots, WhatWasLeftBehindDoesNotStopANodeWhereNothingRuns) {
  Slots node(4, kGig, 0);
  node.SetLeftBehind(0, 2 * kGig);
  std::optional<SlotClaim> only = node.Take(1, kGig);
  ASSERT_TRUE(only);
  EXPECT_FALSE(node.Take(1, 1));
  node.Release(*only);
  EXPECT_TRUE(node.Take(1, kGig));
}

class RandomClaims : public testing::TestWithParam<uint32_t> {};

TEST_P(RandomClaims, NeverExceedTheNode) {
  std::mt19937 random(GetParam());
  uint32_t cpus = 1 + random() % 16;
  uint32_t slots = random() % 24;
  Slots node(cpus, kGig, slots);
  bool shared = node.slots() > cpus;
  std::vector<SlotClaim> running;
  std::optional<std::pair<uint32_t, uint64_t>> waits;
  // What ran already when it reserved, as far as it still runs.
  std::set<uint32_t> older;
  for (int step = 0; step < 5000; ++step) {
    if (random() % 2 == 0 && !running.empty()) {
      size_t which = random() % running.size();
      older.erase(running[which].slot);
      node.Release(running[which]);
      running.erase(running.begin() + static_cast<std::ptrdiff_t>(which));
    } else if (waits || random() % 8 == 0) {
      if (!waits) {
        waits.emplace(1 + random() % cpus, random() % (kGig + 1));
        for (const SlotClaim& claim : running) older.insert(claim.slot);
      }
      node.Reserve(waits->first, waits->second);
      std::optional<SlotClaim> claim = node.TakeReserved();
      ASSERT_TRUE(claim || !older.empty()) << "it starves";
      if (claim) {
        ASSERT_EQ(claim->bytes, waits->second);
        running.push_back(*claim);
        waits.reset();
        older.clear();
      }
    }
    if (random() % 2 == 0) {
      uint32_t wanted = 1 + random() % (cpus + 1);
      uint64_t bytes = random() % (kGig / 4);
      std::optional<SlotClaim> claim = node.Take(wanted, bytes);
      if (!claim) continue;
      ASSERT_EQ(claim->bytes, bytes);
      ASSERT_EQ(
          std::set<uint32_t>(claim->cpus.begin(), claim->cpus.end()).size(),
          wanted);
      running.push_back(*claim);
    }
    uint64_t bytes = 0;
    std::set<uint32_t> slots_used;
    std::multiset<uint32_t> cpus_used;
    for (const SlotClaim& claim : running) {
      bytes += claim.bytes;
      ASSERT_TRUE(slots_used.insert(claim.slot).second);
      ASSERT_LT(claim.slot, node.slots());
      cpus_used.insert(claim.cpus.begin(), claim.cpus.end());
    }
    ASSERT_LE(bytes, kGig);
    ASSERT_EQ(node.running(), running.size());
    for (uint32_t cpu : cpus_used) {
      ASSERT_LT(cpu, cpus);
      ASSERT_TRUE(shared || cpus_used.count(cpu) == 1) << cpu;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomClaims, testing::Range(1U, 21U));

}  // namespace
}  // namespace cram
