#include <gmock/gmock.h>

#include "sbin/report/fields.h"
#include "tests/unit/report_fixture.h"

namespace cram {
namespace {

using testing::HasSubstr;

class FieldsTest : public ReportTest {
 protected:
  std::string Value(absl::string_view field, const Row& row, char unit = '\0') {
    absl::StatusOr<std::vector<Field>> fields = ChooseFields(field);
    EXPECT_TRUE(fields.ok()) << field;
    return fields.ok() ? (*fields)[0].value(row, Context(unit)) : "";
  }
  std::string Value(absl::string_view field, uint64_t index, char unit = '\0') {
    return Value(field, LastRow(index), unit);
  }
};

TEST(Fields, AreTakenInAnyCaseAbbreviatedAndWithAWidth) {
  absl::StatusOr<std::vector<Field>> fields =
      ChooseFields("index, STATE%-20,maxr,elapsed");
  ASSERT_TRUE(fields.ok());
  ASSERT_EQ(fields->size(), 4u);
  EXPECT_EQ((*fields)[0].name, "Index");
  EXPECT_EQ((*fields)[1].name, "State");
  EXPECT_EQ((*fields)[1].width, -20);
  EXPECT_EQ((*fields)[2].name, "MaxRSS");
  EXPECT_EQ((*fields)[3].name, "Elapsed");
}

TEST(Fields, AllIsEveryField) {
  absl::StatusOr<std::vector<Field>> fields = ChooseFields("all%9");
  ASSERT_TRUE(fields.ok());
  EXPECT_EQ(fields->size(), AllFields().size());
  for (const Field& field : *fields) EXPECT_EQ(field.width, 9);
}

TEST(Fields, AnUnknownOneListsTheKnown) {
  absl::Status status = ChooseFields("state,colour").status();
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("no field 'colour'; the fields are AllocCPUS, "));
  EXPECT_FALSE(ChooseFields("").ok());
}

TEST(Fields, RefusesAWidthThatIsNone) {
  for (const char* list : {"state%", "state%x", "state%0", "state%99999"}) {
    EXPECT_THAT(std::string(ChooseFields(list).status().message()),
                HasSubstr("is not a width"));
  }
}

TEST(Fields, StandInAlphabeticalOrder) {
  for (size_t i = 1; i < AllFields().size(); ++i) {
    std::string before(AllFields()[i - 1].name);
    EXPECT_LT(
        strcasecmp(before.c_str(), std::string(AllFields()[i].name).c_str()), 0)
        << before;
  }
}

TEST_F(FieldsTest, ACompletedSubJob) {
  LoadExample();
  EXPECT_EQ(Value("JobID", 4), "12.0_4");
  EXPECT_EQ(Value("Index", 4), "4");
  EXPECT_EQ(Value("State", 4), "COMPLETED");
  EXPECT_EQ(Value("ExitCode", 4), "0:0");
  EXPECT_EQ(Value("Cause", 4), "completed");
  EXPECT_EQ(Value("Attempt", 4), "1");
  EXPECT_EQ(Value("Start", 4), "2026-11-21T20:12:09");
  EXPECT_EQ(Value("End", 4), "2026-11-22T21:13:10");
  EXPECT_EQ(Value("Elapsed", 4), "1-01:01:01");
  EXPECT_EQ(Value("ElapsedRaw", 4), "90061");
  EXPECT_EQ(Value("NodeList", 4), "n1");
  EXPECT_EQ(Value("Slot", 4), "0");
  EXPECT_EQ(Value("AllocCPUS", 4), "1");
  EXPECT_EQ(Value("UserCPU", 4), "00:01.250");
  EXPECT_EQ(Value("SystemCPU", 4), "00:00.250");
  EXPECT_EQ(Value("TotalCPU", 4), "00:01.500");
  EXPECT_EQ(Value("MaxRSS", 4), "256M");
  EXPECT_EQ(Value("Cap", 4, 'K'), "409600K");
  EXPECT_EQ(Value("Output", 4), "11");
  EXPECT_EQ(Value("User", 4), "ada");
  EXPECT_EQ(Value("Reason", 4), "");
}

TEST_F(FieldsTest, AttemptsThatDidNotComplete) {
  LoadExample();
  EXPECT_EQ(Value("ExitCode", 1), "3:0");
  EXPECT_EQ(Value("ExitCode", 2), "0:11");
  EXPECT_EQ(Value("State", 3), "OUT_OF_MEMORY");
  EXPECT_EQ(Value("Cause", 3), "own cap");
  EXPECT_EQ(Value("MaxRSS", 1), "12292K");
  EXPECT_EQ(Value("Reason", 7), "chdir /nowhere: No such file or directory");
  EXPECT_EQ(Value("MaxRSS", 7), "");
}

TEST_F(FieldsTest, ARunningSubJobCountsUpToNow) {
  LoadExample();
  EXPECT_EQ(Value("Elapsed", 8), "00:01:32");
  EXPECT_EQ(Value("End", 8), "Unknown");
  EXPECT_EQ(Value("TotalCPU", 8), "");
  EXPECT_EQ(Value("Cause", 8), "");
}

TEST_F(FieldsTest, ALostSubJobCountsUpToTheLastSignOfItsNode) {
  LoadEndedExample();
  EXPECT_EQ(Value("Cause", 8), "node lost");
  EXPECT_EQ(Value("Elapsed", 8), "1-01:00:57");
}

TEST_F(FieldsTest, APendingSubJobHasNothingYet) {
  LoadExample();
  EXPECT_EQ(Value("State", 9), "PENDING");
  EXPECT_EQ(Value("NodeList", 9), "None assigned");
  EXPECT_EQ(Value("Start", 9), "Unknown");
  EXPECT_EQ(Value("Elapsed", 9), "00:00:00");
  EXPECT_EQ(Value("ExitCode", 9), "0:0");
  EXPECT_EQ(Value("AllocCPUS", 9), "0");
  EXPECT_EQ(Value("MaxRSS", 9), "");
}

TEST_F(FieldsTest, AMissingManifestLeavesItsFieldsEmpty) {
  LoadExample();
  EXPECT_TRUE(manifest_->status().ok());
  EXPECT_EQ(Value("Command", 0), "");
  EXPECT_THAT(std::string(manifest_->status().message()),
              HasSubstr("manifest.pb"));
}

}  // namespace
}  // namespace cram
