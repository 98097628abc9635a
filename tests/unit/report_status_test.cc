#include <gmock/gmock.h>

#include <filesystem>
#include <iterator>
#include <string>

#include "pack/journal/journal_writer.h"
#include "sbin/report/json.h"
#include "sbin/report/status.h"
#include "tests/unit/report_fixture.h"

namespace cram {
namespace {

using testing::HasSubstr;
using testing::Not;

class StatusTest : public ReportTest {
 protected:
  RunStatus Status(size_t most_slowest = 10) {
    return StatusOf(*run_, kRunBegin + 100 * kSecondNs, most_slowest);
  }
  // Ends `ends` sub-jobs a second, the last one `ago` seconds before Status().
  void WriteSteady(uint64_t ends, int64_t per_second, int64_t ago) {
    ExampleNode node(directory_, 0, 1, 10000);
    for (uint64_t i = 0; i < ends; ++i) {
      Ended ended = ExampleNode::Make(i, Cause::kCompleted, 0);
      int64_t before = static_cast<int64_t>(ends - i) / per_second + ago;
      ended.set_end_ns(kRunBegin + (100 - before) * kSecondNs);
      ended.set_start_ns(ended.end_ns() - kSecondNs);
      node.End(ended);
    }
    node.Flush();
    Load();
  }
};

TEST_F(StatusTest, CountsEverySubJobOnceAndByNode) {
  LoadExample();
  RunStatus status = Status();
  uint64_t all = 0, on_nodes = 0;
  for (uint64_t count : status.states) all += count;
  for (const RunStatus::Node& node : status.nodes) {
    on_nodes += node.running + node.done + node.failed;
  }
  EXPECT_EQ(all, 10u);
  EXPECT_EQ(on_nodes, 8u);  // one has not started, one was cancelled
  EXPECT_EQ(status.left, 2u);
}

TEST_F(StatusTest, NamesWhatRunsLongestFirst) {
  ExampleNode node(directory_, 0, 1, 5);
  for (uint64_t index : {3, 0, 2, 1}) {
    node.Start(index, 0,
               kRunBegin + static_cast<int64_t>(index * 7 % 4) * kSecondNs);
  }
  node.Flush();
  Load();
  RunStatus status = Status(3);
  ASSERT_EQ(status.slowest.size(), 3u);
  EXPECT_EQ(status.slowest[0]->index, 0u);
  EXPECT_EQ(status.slowest[1]->index, 3u);
  EXPECT_EQ(status.slowest[2]->index, 2u);
}

TEST_F(StatusTest, RateIsOfTheLastMinute) {
  WriteSteady(600, 10, 0);
  EXPECT_NEAR(Status().rate, 10, 0.5);
  EXPECT_NEAR(Status().SecondsLeft(), 9400 / Status().rate, 1);
}

TEST_F(StatusTest, RateIsOfTheWholeRunWhenFewEndedLately) {
  WriteSteady(50, 10, 80);
  EXPECT_NEAR(Status().rate, 0.5, 0.05);
}

TEST_F(StatusTest, TimeLeftIsNotKnownBeforeSomethingEnded) {
  ExampleNode node(directory_, 0, 1, 2);
  node.Start(0, 0, kRunBegin);
  node.Flush();
  Load();
  EXPECT_LT(Status().SecondsLeft(), 0);
  EXPECT_THAT(StatusText(Status(), Context()), Not(HasSubstr("left")));
}

TEST_F(StatusTest, SaysHowMuchMemoryWhatRunsHasUsed) {
  ExampleNode node(directory_, 0, 1, 5);
  node.Start(2, 0, kRunBegin);
  Standing standing;
  RunningPeak* peak = standing.add_peaks();
  peak->set_index(2);
  peak->set_bytes(150 << 20);
  *standing.add_peaks() = *peak;
  standing.mutable_peaks(1)->set_index(4);  // it does not run
  node.Stand(standing);
  node.Flush();
  Load();
  EXPECT_THAT(StatusText(Status(), Context()), HasSubstr(" 150M "));
  EXPECT_THAT(StatusJson(Status(), Context()),
              HasSubstr(R"("peak_bytes":157286400)"));
}

TEST_F(StatusTest, TriesWhetherThereIsRoomAndLeavesNothing) {
  ExampleNode node(directory_, 0, 1, 2);
  node.Start(0, 0, kRunBegin);
  node.Flush();
  Load();
  auto files = [this] {
    using Files = std::filesystem::directory_iterator;
    return std::distance(Files(directory_.path()), Files());
  };
  auto before = files();
  EXPECT_EQ(Status().no_room, "");
  EXPECT_EQ(files(), before);
}

TEST_F(StatusTest, OfAResumedRunTimeRateAndNodesAreItsOwn) {
  constexpr int64_t kDay = 86400 * kSecondNs;
  auto journal = JournalWriter::Create(directory_.journal_resumed());
  ASSERT_TRUE(journal.ok());
  JournalRecord record;
  record.mutable_opened()->set_node_name("old");
  record.mutable_opened()->set_slots(7);
  record.mutable_opened()->set_directory("/runs/cram-11.0");
  record.mutable_opened()->set_time_ns(kRunBegin - kDay);
  (*journal)->Append(record);
  *record.mutable_ended() = ExampleNode::Make(1, Cause::kCompleted, 0);
  record.mutable_ended()->set_end_ns(kRunBegin - kDay + kSecondNs);
  (*journal)->Append(record);
  ASSERT_TRUE((*journal)->Flush().ok());
  ExampleNode node(directory_, 0, 1, 3);
  node.End(ExampleNode::Make(0, Cause::kCompleted, 0));
  node.Flush();
  Load();
  EXPECT_EQ(Status().ElapsedSeconds(), 100);
  EXPECT_EQ(Status().rate, 0.01);
  EXPECT_EQ(Status().completed_before, 1u);
  std::string text = StatusText(Status(), Context());
  EXPECT_THAT(text, HasSubstr("2 completed\nResumed   1 of them"));
  EXPECT_THAT(text, Not(HasSubstr("old")));
}

TEST_F(StatusTest, TextAndJsonAreOfOneRun) {
  LoadExample();
  EXPECT_THAT(StatusText(Status(), Context()),
              HasSubstr("Sub-jobs  10: 1 not started, 1 running, "
                        "2 completed, 3 failed"));
  EXPECT_THAT(StatusJson(Status(), Context()),
              HasSubstr(R"("states":{"PENDING":1,"RUNNING":1,"COMPLETED":2)"));
}

}  // namespace
}  // namespace cram
