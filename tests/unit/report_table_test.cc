#include "sbin/report/selection.h"
#include "sbin/report/table_printer.h"
#include "tests/unit/report_fixture.h"

namespace cram {
namespace {

class TableTest : public ReportTest {
 protected:
  std::string Print(absl::string_view fields, Layout layout,
                    absl::string_view indexes,
                    const std::string& delimiter = "|") {
    LoadExample();
    TablePrinter printer(*ChooseFields(fields), layout, delimiter);
    std::string text;
    printer.AppendHeader(&text);
    Selection selection;
    selection.indexes = *IndexSet::Parse(indexes);
    ForEachRow(*run_, selection, [&](const Row& row) {
      printer.AppendRow(row, Context(), &text);
    });
    return text;
  }
};

TEST_F(TableTest, LooksAsSacct) {
  EXPECT_EQ(Print("jobid%-8,state%10,exitcode,elapsed", Layout::kTable, "2-4"),
            "JobID         State ExitCode    Elapsed \n"
            "-------- ---------- -------- ---------- \n"
            "12.0_2       FAILED     0:11   00:00:01 \n"
            "12.0_3   OUT_OF_ME+      0:9   00:00:03 \n"
            "12.0_4    COMPLETED      0:0 1-01:01:01 \n");
}

TEST_F(TableTest, CutsAHeaderThatDoesNotFit) {
  EXPECT_EQ(Print("exitcode%4", Layout::kTable, "0"),
            "Exit \n"
            "---- \n"
            " 0:0 \n");
}

TEST_F(TableTest, ParsableEndsEveryFieldInABar) {
  EXPECT_EQ(Print("index,state,maxrss", Layout::kParsable, "3,9"),
            "Index|State|MaxRSS|\n"
            "3|OUT_OF_MEMORY|200M|\n"
            "9|PENDING||\n");
}

TEST_F(TableTest, Parsable2PutsABarBetweenFields) {
  EXPECT_EQ(Print("index,state,maxrss", Layout::kParsable2, "3,9"),
            "Index|State|MaxRSS\n"
            "3|OUT_OF_MEMORY|200M\n"
            "9|PENDING|\n");
}

TEST_F(TableTest, TakesAnotherDelimiter) {
  EXPECT_EQ(Print("index,state", Layout::kParsable2, "0", ";"),
            "Index;State\n"
            "0;COMPLETED\n");
}

TEST(Table, HelpListsEveryFieldInFourColumns) {
  std::string help = HelpFormat();
  EXPECT_EQ(help.substr(0, 80),
            "AllocCPUS           Attempt             Cap                 "
            "Cause              \n");
  for (const Field& field : AllFields()) {
    EXPECT_NE(help.find(std::string(field.name)), std::string::npos);
  }
}

class SelectionTest : public ReportTest {
 protected:
  std::string Chosen(const Selection& selection) {
    std::string text;
    ForEachRow(*run_, selection, [&text](const Row& row) {
      text += std::to_string(row.index);
      text += row.attempt == nullptr
                  ? "- "
                  : "." + std::to_string(row.attempt->number) + " ";
    });
    return text;
  }
};

TEST_F(SelectionTest, ShowsTheLastAttemptOfEverySubJob) {
  LoadExample();
  EXPECT_EQ(Chosen({}), "0.0 1.0 2.0 3.0 4.1 5.0 6.0 7.0 8.0 9- ");
}

TEST_F(SelectionTest, ShowsEveryAttemptOldestFirst) {
  LoadExample();
  Selection selection;
  selection.every_attempt = true;
  selection.indexes = *IndexSet::Parse("3-4,9");
  EXPECT_EQ(Chosen(selection), "3.0 4.0 4.1 9- ");
}

TEST_F(SelectionTest, ChoosesByState) {
  LoadExample();
  Selection selection;
  selection.states = *ParseStates("F,oom,PENDING");
  EXPECT_EQ(Chosen(selection), "1.0 2.0 3.0 7.0 9- ");
  selection.every_attempt = true;
  EXPECT_EQ(Chosen(selection), "1.0 2.0 3.0 4.0 7.0 9- ");
}

TEST_F(SelectionTest, RefusesAnIndexThatTheRunDoesNotHave) {
  LoadExample();
  Selection selection;
  selection.indexes = *IndexSet::Parse("3,10");
  EXPECT_EQ(CheckIndexes(selection, *run_).message(),
            "no sub-job 10: run 12.0 has 10, from 0 to 9");
  selection.indexes = *IndexSet::Parse("9");
  EXPECT_TRUE(CheckIndexes(selection, *run_).ok());
}

TEST(Selection, AnUnknownStateListsTheKnown) {
  absl::Status status = ParseStates("F,DONE").status();
  EXPECT_NE(status.message().find("no state 'DONE'; the states are PENDING "
                                  "(PD), RUNNING (R), "),
            absl::string_view::npos);
}

}  // namespace
}  // namespace cram
