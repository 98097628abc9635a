#include <gmock/gmock.h>

#include "pack/manifest/sweep.h"
#include "tests/unit/manifest_fixture.h"

namespace cram {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class SweepTest : public ManifestTest {
 protected:
  void Parse() {
    bytes_ = sweep_.SerializeAsString();
    absl::StatusOr<SweepTable> table = SweepTable::Parse(bytes_);
    ASSERT_TRUE(table.ok()) << table.status();
    table_ = *std::move(table);
  }
  std::string Error() {
    bytes_ = sweep_.SerializeAsString();
    return std::string(SweepTable::Parse(bytes_).status().message());
  }
  std::vector<std::string> Values(uint64_t place) {
    std::vector<std::string> values;
    table_.Values(place, &values);
    return values;
  }

  void AddSampled(const std::string& name, Distribution::Kind kind,
                  const std::vector<double>& numbers) {
    Axis* axis = sweep_.add_axes();
    axis->set_name(name);
    axis->mutable_distribution()->set_kind(kind);
    for (double number : numbers) {
      axis->mutable_distribution()->add_numbers(number);
    }
  }

  Sweep sweep_;
  std::string bytes_;
  SweepTable table_;
};

TEST_F(SweepTest, TheLastAxisVariesFastest) {
  AddRange(&sweep_, "a", 0, 1, 2);
  AddList(&sweep_, "b", {"x", "y", "z"});
  Parse();
  EXPECT_EQ(table_.size(), 6u);
  EXPECT_THAT(table_.names(), ElementsAre("a", "b"));
  EXPECT_THAT(Values(0), ElementsAre("0", "x"));
  EXPECT_THAT(Values(2), ElementsAre("0", "z"));
  EXPECT_THAT(Values(3), ElementsAre("1", "x"));
  EXPECT_THAT(Values(5), ElementsAre("1", "z"));
}

TEST_F(SweepTest, ZippedAxesAdvanceTogetherAtThePlaceOfTheFirst) {
  AddList(&sweep_, "a", {"1", "2"}, 1);
  AddList(&sweep_, "b", {"x", "y", "z"});
  AddList(&sweep_, "c", {"10", "20"}, 1);
  Parse();
  EXPECT_EQ(table_.size(), 6u);
  EXPECT_THAT(Values(1), ElementsAre("1", "y", "10"));
  EXPECT_THAT(Values(3), ElementsAre("2", "x", "20"));
}

TEST_F(SweepTest, WithoutAxesIsOneSubJob) {
  Parse();
  EXPECT_EQ(table_.size(), 1u);
  EXPECT_THAT(Values(0), ElementsAre());
}

TEST_F(SweepTest, ComputesTheLastOfManyWithoutTheOthers) {
  AddRange(&sweep_, "a", 0, 1, 1000000000000);
  AddRange(&sweep_, "b", -5, 5, 1000000, 1);
  Parse();
  EXPECT_EQ(table_.size(), 1000000000000000000u);
  EXPECT_THAT(Values(table_.size() - 1),
              ElementsAre("999999999999", "499999.0"));
  EXPECT_THAT(Values(0), ElementsAre("0", "-0.5"));
}

TEST_F(SweepTest, RefusesAProductThatOverflows) {
  for (const char* name : {"a", "b", "c"}) {
    AddRange(&sweep_, name, 0, 1, 100000000);
  }
  EXPECT_THAT(Error(), HasSubstr("more than 2^63 combinations"));
}

TEST_F(SweepTest, RefusesRangesThatOverflow) {
  AddRange(&sweep_, "a", 0, INT64_MAX, 3);
  EXPECT_THAT(Error(), HasSubstr("too large numbers"));
  sweep_.Clear();
  AddRange(&sweep_, "a", INT64_MAX, 1, 2);
  EXPECT_THAT(Error(), HasSubstr("too large numbers"));
  sweep_.Clear();
  AddRange(&sweep_, "a", 0, 0, UINT64_MAX);
  EXPECT_THAT(Error(), HasSubstr("too large numbers"));
  sweep_.Clear();
  AddRange(&sweep_, "a", 0, 1, 2, 1000000000);
  EXPECT_THAT(Error(), HasSubstr("too large numbers"));
}

TEST_F(SweepTest, RefusesAxesWithoutValuesOrTwice) {
  AddList(&sweep_, "a", {});
  EXPECT_EQ(Error(), "a has no values");
  sweep_.Clear();
  AddList(&sweep_, "a", {"1"});
  AddList(&sweep_, "a", {"2"});
  EXPECT_EQ(Error(), "parameter a is given twice");
}

TEST_F(SweepTest, SampledAxesAdvanceTogetherAtThePlaceOfTheFirst) {
  AddSampled("x", Distribution::UNIFORM, {0, 1});
  AddList(&sweep_, "b", {"p", "q"});
  AddSampled("y", Distribution::NORMAL, {0, 1});
  sweep_.mutable_sample()->set_size(1000);
  Parse();
  EXPECT_EQ(table_.size(), 2000u);
  EXPECT_EQ(table_.sample()->size(), 1000u);
  std::vector<std::string> first = Values(20);
  std::vector<std::string> second = Values(21);
  EXPECT_EQ(first[0], second[0]);
  EXPECT_EQ(first[1], "p");
  EXPECT_EQ(second[1], "q");
  EXPECT_EQ(first[2], second[2]);
  EXPECT_NE(Values(22)[0], first[0]);
  EXPECT_NE(Values(22)[2], first[2]);
  EXPECT_EQ(table_.AxisValue(0, 10), first[0]);
}

TEST_F(SweepTest, RefusesSamplesThatMakeNoSense) {
  AddSampled("x", Distribution::UNIFORM, {0, 1});
  EXPECT_THAT(Error(), HasSubstr("a sample of 0 points"));
  sweep_.mutable_sample()->set_size(10);
  sweep_.mutable_axes(0)->mutable_distribution()->add_numbers(2);
  EXPECT_THAT(Error(), HasSubstr("write uniform(A,B)"));
  sweep_.mutable_axes(0)->clear_distribution();
  EXPECT_EQ(Error(), "x has no values");
  AddSampled("y", Distribution::UNIFORM, {0, 1});
  sweep_.mutable_axes()->DeleteSubrange(0, 1);
  sweep_.mutable_axes(0)->set_zip_group(1);
  EXPECT_EQ(Error(), "a damaged axis");
}

// Field 15 of an axis: what a later version may bring.
TEST_F(SweepTest, SaysWhenValuesAreOfAKindThatItDoesNotKnow) {
  bytes_ = std::string("\x0a\x05\x0a\x01x\x7a\x00", 7);
  EXPECT_EQ(SweepTable::Parse(bytes_).status().message(),
            "x has no values that this version knows");
}

TEST_F(SweepTest, RefusesZippedAxesOfUnequalLength) {
  AddList(&sweep_, "a", {"1"}, 7);
  AddList(&sweep_, "b", {"1", "2"}, 7);
  EXPECT_THAT(Error(), HasSubstr("a has 1, b has 2"));
}

}  // namespace
}  // namespace cram
