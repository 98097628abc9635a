#include <gtest/gtest.h>

#include <random>
#include <set>

#include "pack/base/index_set.h"

namespace cram {
namespace {

IndexSet ParsedSet(absl::string_view text) {
  absl::StatusOr<IndexSet> set = IndexSet::Parse(text);
  EXPECT_TRUE(set.ok()) << text;
  return set.ok() ? *set : IndexSet();
}

TEST(IndexSet, PrintsWhatItRead) {
  EXPECT_EQ(ParsedSet("3,10-20,40").ToString(), "3,10-20,40");
  EXPECT_EQ(ParsedSet("3,10-20,40").size(), 13u);
  EXPECT_EQ(IndexSet().ToString(), "");
}

TEST(IndexSet, JoinsWhatTouches) {
  EXPECT_EQ(ParsedSet("5,4,3,1-2").ToString(), "1-5");
  EXPECT_EQ(ParsedSet("1-10,5-20,21").ToString(), "1-21");
  EXPECT_EQ(ParsedSet("7,7,7").size(), 1u);
}

TEST(IndexSet, RefusesWhatIsNoList) {
  for (const char* text : {"", "a", "3-", "-3", "5-3", "1,,2", "1-2-3", "1.5",
                           "18446744073709551615", "99999999999999999999"}) {
    EXPECT_FALSE(IndexSet::Parse(text).ok()) << text;
  }
}

TEST(IndexSet, RemovesFromTheMiddle) {
  IndexSet set({0, 100});
  set.Remove({10, 20});
  set.Remove(50);
  set.Remove({99, 1000});
  set.Remove({200, 300});
  EXPECT_EQ(set.ToString(), "0-9,20-49,51-98");
  EXPECT_EQ(set.size(), 88u);
  EXPECT_FALSE(set.Contains(10));
  EXPECT_FALSE(set.Contains(50));
  EXPECT_TRUE(set.Contains(49));
}

TEST(IndexSet, TakesFromEitherEnd) {
  IndexSet set = ParsedSet("0-4,10-14");
  EXPECT_EQ(set.TakeFront(7).ToString(), "0-4,10-11");
  EXPECT_EQ(set.TakeBack(2).ToString(), "13-14");
  EXPECT_EQ(set.front(), 12u);
  EXPECT_EQ(set.TakeFront(100).ToString(), "12");
  EXPECT_TRUE(set.empty());
  EXPECT_TRUE(set.TakeBack(1).empty());
}

TEST(IndexSet, KeepsAMillionIndexesAsOneRange) {
  IndexSet set;
  for (uint64_t i = 0; i < 1000000; ++i) set.Add(i);
  EXPECT_EQ(set.ranges().size(), 1u);
  EXPECT_EQ(set.size(), 1000000u);
}

TEST(IndexSet, AgreesWithAPlainSet) {
  std::mt19937 random(7);
  IndexSet set;
  std::set<uint64_t> plain;
  for (int step = 0; step < 20000; ++step) {
    uint64_t begin = random() % 200, end = begin + random() % 12;
    if (random() % 2 == 0) {
      set.Add({begin, end});
      for (uint64_t i = begin; i < end; ++i) plain.insert(i);
    } else {
      set.Remove({begin, end});
      for (uint64_t i = begin; i < end; ++i) plain.erase(i);
    }
    ASSERT_EQ(set.size(), plain.size()) << step;
    for (uint64_t i = begin; i <= end; ++i) {
      ASSERT_EQ(set.Contains(i), plain.count(i) == 1) << step;
    }
  }
  uint64_t behind = 0;  // ranges stay apart
  for (const auto& [begin, end] : set.ranges()) {
    EXPECT_LT(begin, end);
    EXPECT_TRUE(behind == 0 || begin > behind);
    behind = end;
  }
}

TEST(IndexSet, TakesWhatBothHave) {
  IndexSet set = *IndexSet::Parse("0-9,20-29,40");
  EXPECT_EQ(set.Take(*IndexSet::Parse("5-24,29-50,90")).ToString(),
            "5-9,20-24,29,40");
  EXPECT_EQ(set.ToString(), "0-4,25-28");
  EXPECT_TRUE(set.Take(IndexSet()).empty());
  EXPECT_TRUE(IndexSet().Take(set).empty());
}

}  // namespace
}  // namespace cram
