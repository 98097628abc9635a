#include <gmock/gmock.h>

#include "pack/manifest/axis.h"
#include "pack/manifest/sweep.h"
#include "tests/unit/manifest_fixture.h"

namespace cram {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class AxisTest : public ManifestTest {
 protected:
  // All values of the axis, or the error.
  static std::vector<std::string> Values(absl::string_view text) {
    absl::StatusOr<Axis> axis = ParseAxis(text);
    if (!axis.ok()) return {std::string(axis.status().message())};
    Sweep sweep;
    *sweep.add_axes() = *axis;
    std::string bytes = sweep.SerializeAsString();
    absl::StatusOr<SweepTable> table = SweepTable::Parse(bytes);
    EXPECT_TRUE(table.ok()) << table.status();
    std::vector<std::string> values;
    for (uint64_t i = 0; i < table->size(); ++i) {
      values.push_back(table->AxisValue(0, i));
    }
    return values;
  }

  static Sweep Axes(const std::vector<std::string>& texts) {
    Sweep sweep;
    for (const std::string& text : texts) {
      *sweep.add_axes() = *ParseAxis(text);
    }
    return sweep;
  }

  static std::string ZipError(absl::string_view names, Sweep sweep) {
    return std::string(ZipAxes(names, &sweep).message());
  }
};

TEST_F(AxisTest, ReadsRanges) {
  EXPECT_THAT(Values("x=0..3"), ElementsAre("0", "1", "2", "3"));
  EXPECT_THAT(Values("x=5..5"), ElementsAre("5"));
  EXPECT_THAT(Values("x=0..10:4"), ElementsAre("0", "4", "8"));
  EXPECT_THAT(Values("x=-1..1"), ElementsAre("-1", "0", "1"));
}

TEST_F(AxisTest, ReadsRangesThatGoDown) {
  EXPECT_THAT(Values("x=3..1:-1"), ElementsAre("3", "2", "1"));
  EXPECT_THAT(Values("x=1..0:-0.5"), ElementsAre("1.0", "0.5", "0.0"));
}

TEST_F(AxisTest, DecimalRangesDoNotDrift) {
  EXPECT_THAT(Values("x=0..1:0.1"),
              ElementsAre("0.0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6",
                          "0.7", "0.8", "0.9", "1.0"));
  EXPECT_THAT(Values("x=1e-3..3e-3:1e-3"),
              ElementsAre("0.001", "0.002", "0.003"));
}

TEST_F(AxisTest, ReadsLists) {
  EXPECT_THAT(Values("x=a,b c,3"), ElementsAre("a", "b c", "3"));
  EXPECT_THAT(Values("x=../in,../out"), ElementsAre("../in", "../out"));
  EXPECT_THAT(Values("x=a=b"), ElementsAre("a=b"));
}

TEST_F(AxisTest, ReadsFiles) {
  SetContent("one\ntwo, three\r\n4");
  EXPECT_THAT(Values("x=@" + path_), ElementsAre("one", "two, three", "4"));
}

TEST_F(AxisTest, SaysWhatIsWrongWithAFile) {
  EXPECT_THAT(Values("x=@/none"),
              ElementsAre("x=@/none: /none: No such file or directory"));
  SetContent("a\n\nb\n");
  EXPECT_THAT(Values("x=@" + path_)[0],
              HasSubstr(":2: an empty line is no value"));
  SetContent("");
  EXPECT_THAT(Values("x=@" + path_)[0], HasSubstr("has no values"));
}

TEST_F(AxisTest, SaysWhatIsWrongWithValues) {
  EXPECT_THAT(Values("x"), ElementsAre("'x' is not NAME=VALUES"));
  EXPECT_THAT(Values("x="), ElementsAre("x=: no values"));
  EXPECT_THAT(Values("x=a,,b"), ElementsAre("x=a,,b: a value is empty"));
  EXPECT_THAT(Values("x=1..5O"), ElementsAre("x=1..5O: '5O' is not a number"));
  EXPECT_THAT(Values("x=0..9:0"), ElementsAre("x=0..9:0: a step of 0"));
  EXPECT_THAT(Values("x=9..0")[0], HasSubstr("10..0:-1"));
  EXPECT_THAT(Values("x=0..9:-1")[0], HasSubstr("an empty range"));
  EXPECT_THAT(Values("2=1,2")[0], HasSubstr("not a parameter's name"));
}

TEST_F(AxisTest, ReadsDistributions) {
  absl::StatusOr<Axis> axis = ParseAxis("x=normal(1, 0.5)");
  ASSERT_TRUE(axis.ok()) << axis.status();
  EXPECT_EQ(axis->distribution().kind(), Distribution::NORMAL);
  EXPECT_THAT(axis->distribution().numbers(), ElementsAre(1, 0.5));
  EXPECT_THAT(Values("x=gauss(0,1)")[0], HasSubstr("no distribution 'gauss'"));
  EXPECT_THAT(Values("x=normal(0)")[0],
              HasSubstr("x=normal(0): write normal(MEAN,SD)"));
  EXPECT_THAT(Values("x=f(1),f(2)"), ElementsAre("f(1)", "f(2)"));
  EXPECT_THAT(Values("x=(1)"), ElementsAre("(1)"));
}

TEST_F(AxisTest, ZipsAxesOfEqualLength) {
  Sweep sweep = Axes({"a=1..3", "b=x,y,z", "c=1,2", "d=3,4"});
  ASSERT_TRUE(ZipAxes("a,b", &sweep).ok());
  ASSERT_TRUE(ZipAxes("d,c", &sweep).ok());
  EXPECT_EQ(sweep.axes(0).zip_group(), sweep.axes(1).zip_group());
  EXPECT_EQ(sweep.axes(2).zip_group(), sweep.axes(3).zip_group());
  EXPECT_NE(sweep.axes(0).zip_group(), sweep.axes(2).zip_group());
}

TEST_F(AxisTest, SaysWhatCannotBeZipped) {
  Sweep sweep = Axes({"a=1..3", "b=x,y"});
  EXPECT_EQ(ZipError("a,b", sweep),
            "a has 3 values, b 2; zipped parameters need as many each");
  EXPECT_EQ(ZipError("a,c", sweep), "no parameter 'c'; known: a, b");
  EXPECT_EQ(ZipError("a", sweep), "'a' names one parameter; zip two or more");
  EXPECT_EQ(ZipError("a,a", sweep), "parameter a is zipped twice");
  *sweep.add_axes() = *ParseAxis("x=uniform(0,1)");
  EXPECT_THAT(ZipError("a,x", sweep), HasSubstr("x has a distribution"));
}

}  // namespace
}  // namespace cram
