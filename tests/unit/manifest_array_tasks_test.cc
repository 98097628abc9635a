#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pack/manifest/array_tasks.h"
#include "pack/manifest/manifest.pb.h"
#include "pack/manifest/sweep.h"

namespace cram {
namespace {

using testing::HasSubstr;

// "0:1:100" a range: first, step and count; "refused" for what is refused.
std::string Ranges(absl::string_view text) {
  absl::StatusOr<ArrayTasks> tasks = ArrayTasks::Parse(text);
  if (!tasks.ok()) return "refused";
  std::vector<std::string> ranges;
  for (const ArrayTasks::Range& range : tasks->ranges) {
    ranges.push_back(
        absl::StrCat(range.first, ":", range.step, ":", range.count));
  }
  return absl::StrJoin(ranges, " ");
}

// All values, as sweeps would have them.
std::string Values(absl::string_view text) {
  std::vector<std::string> all;
  for (const Axis& axis : ArrayTasks::Parse(text)->ToAxes("t")) {
    Sweep sweep;
    *sweep.add_axes() = axis;
    std::string bytes = sweep.SerializeAsString();
    absl::StatusOr<SweepTable> table = SweepTable::Parse(bytes);
    EXPECT_TRUE(table.ok()) << table.status();
    for (uint64_t i = 0; i < table->size(); ++i) {
      all.push_back(table->AxisValue(0, i));
    }
  }
  return absl::StrJoin(all, ",");
}

TEST(ArrayTasks, AreReadAsSlurmReadsThem) {
  EXPECT_EQ(Ranges("7"), "7:1:1");
  EXPECT_EQ(Ranges("0-9"), "0:1:10");
  EXPECT_EQ(Ranges("0-10:3"), "0:3:4");
  EXPECT_EQ(Ranges("[0-9]"), "0:1:10");
  EXPECT_EQ(Ranges("1,5,9-20:3"), "1:1:1 5:1:1 9:3:4");
  EXPECT_EQ(Ranges("0-4294967293"), "0:1:4294967294");
}

TEST(ArrayTasks, RunInAscendingOrderAndOnceEach) {
  EXPECT_EQ(Ranges("9,1"), "1:1:1 9:1:1");
  EXPECT_EQ(Ranges("0-5,3-9,9"), "0:1:10");
  EXPECT_EQ(Values("0-10:5,5-7,10"), "0,5,6,7,10");
  EXPECT_EQ(Values("3,1,2,1"), "1,2,3");
  EXPECT_EQ(ArrayTasks::Parse("0-10:5,5-7,10")->count, 5U);
}

TEST(ArrayTasks, KnowWhatSlurmTellsItsTasks) {
  absl::StatusOr<ArrayTasks> tasks = ArrayTasks::Parse("4-20:4,2%3");
  ASSERT_TRUE(tasks.ok()) << tasks.status();
  EXPECT_EQ(tasks->min(), 2U);
  EXPECT_EQ(tasks->max(), 20U);
  EXPECT_EQ(tasks->step, 4U);
  EXPECT_EQ(tasks->count, 6U);
  EXPECT_EQ(tasks->limit, 3U);
  EXPECT_EQ(ArrayTasks::Parse("1,2")->step, 1U);
}

TEST(ArrayTasks, StayAsSmallAsTheyWereWritten) {
  EXPECT_EQ(ArrayTasks::Parse("0-999999")->ToAxes("t").size(), 1U);
  EXPECT_EQ(ArrayTasks::Parse("1,5,8,9-20,22,25")->ToAxes("t").size(), 3U);
  EXPECT_EQ(Values("1,5,8,9-12,22,25"), "1,5,8,9,10,11,12,22,25");
}

TEST(ArrayTasks, RefuseWhatSlurmRefuses) {
  for (const char* text :
       {"", "a", "-1", "1-", "5-1", "1-5:0", "1-5:", "1,,2", "1:2", "1-2-3",
        "0-9%", "0-9%x", "[1-2", "4294967294", "1-99999999999999999999", "1 2",
        "0x10", "1-5:-1"}) {
    EXPECT_EQ(Ranges(text), "refused") << text;
  }
  EXPECT_THAT(ArrayTasks::Parse("5-1").status().message(),
              HasSubstr("'5-1' is no array of tasks"));
}

TEST(ArrayTasks, TooManyToTakeApartAreRefused) {
  EXPECT_EQ(Ranges("0-999999999:2,1-999999999:3"), "refused");
}

}  // namespace
}  // namespace cram
