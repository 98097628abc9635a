#include <gmock/gmock.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>

#include "sbin/report/run.h"
#include "tests/unit/report_fixture.h"

namespace cram {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<State> States(const Run& run) {
  std::vector<State> states;
  for (uint64_t i = 0; i < run.subjobs(); ++i) {
    states.push_back(run.SubJobState(i));
  }
  return states;
}

class RunTest : public ReportTest {
 protected:
  void CutOff(const std::string& path, uint64_t bytes) {
    std::filesystem::resize_file(path,
                                 std::filesystem::file_size(path) - bytes);
  }
  void Flip(const std::string& path, size_t byte) {
    std::string bytes = *ReadFile(path);
    bytes[byte] = static_cast<char>(bytes[byte] ^ 1);
    ASSERT_TRUE(ReplaceFile(path, bytes).ok());
  }
};

TEST_F(RunTest, NamesTheStateOfEverySubJob) {
  const cram::Run& run = LoadExample();
  EXPECT_EQ(run.id(), "12.0");
  EXPECT_FALSE(run.ended());
  EXPECT_THAT(run.warnings(), IsEmpty());
  EXPECT_THAT(States(run),
              ElementsAre(State::kCompleted, State::kFailed, State::kFailed,
                          State::kOutOfMemory, State::kCompleted,
                          State::kTimeout, State::kCancelled, State::kFailed,
                          State::kRunning, State::kPending));
}

TEST_F(RunTest, ChainsAttemptsFromTheNewestToTheOldest) {
  const cram::Run& run = LoadExample();
  const Attempt* last = run.Last(4);
  ASSERT_NE(last, nullptr);
  EXPECT_EQ(last->number, 1u);
  EXPECT_EQ(run.NodeOf(*last).name, "n1");
  ASSERT_NE(last->previous, nullptr);
  EXPECT_EQ(last->previous->number, 0u);
  EXPECT_EQ(last->previous->cause, Cause::kOwnCap);
  EXPECT_EQ(last->previous->previous, nullptr);
  EXPECT_EQ(run.Last(9), nullptr);
  EXPECT_EQ(run.Last(UINT64_MAX), nullptr);
}

TEST_F(RunTest, WhatStillRanAtTheEndWasLost) {
  const cram::Run& run = LoadEndedExample();
  EXPECT_TRUE(run.ended());
  EXPECT_EQ(run.SubJobState(8), State::kNodeFail);
  EXPECT_EQ(run.Last(8)->cause, Cause::kNodeLost);
  EXPECT_EQ(run.SubJobState(9), State::kPending);
}

TEST_F(RunTest, HasEndedWhenEveryJournalIsClosed) {
  {
    ExampleNode n0(directory_, 0, 2, 2), n1(directory_, 1, 2, 2);
    n0.Start(0, 0, kRunBegin);
    n0.Close(kRunBegin + kSecondNs);
    n1.Close(kRunBegin + kSecondNs);
    n0.Flush();
    n1.Flush();
  }
  const cram::Run& run = Load();
  EXPECT_TRUE(run.ended());
  EXPECT_EQ(run.SubJobState(0), State::kNodeFail);
}

TEST_F(RunTest, HasEndedWhenItsAgentsAreGoneWithoutAWord) {
  auto n0 = std::make_unique<ExampleNode>(directory_, 0, 2, 2);
  n0->Start(0, 0, kRunBegin);
  n0->Flush();
  {
    ExampleNode n1(directory_, 1, 2, 2);
    n1.Close(kRunBegin + kSecondNs);
    n1.Flush();
  }
  std::filesystem::last_write_time(
      directory_.journal(0),
      std::filesystem::file_time_type::clock::now() - std::chrono::minutes(4));
  EXPECT_FALSE(Load().ended());  // it is held
  n0.reset();
  const cram::Run& run = Load();
  EXPECT_TRUE(run.ended());
  EXPECT_EQ(run.SubJobState(0), State::kNodeFail);
  EXPECT_THAT(run.warnings(), ElementsAre(HasSubstr("gone without a word")));
}

TEST_F(RunTest, AnAttemptThatWasStartedAgainElsewhereIsLost) {
  {
    ExampleNode n0(directory_, 0, 2, 1), n1(directory_, 1, 2, 1);
    n0.Start(0, 0, kRunBegin);
    n1.Start(0, 1, kRunBegin + kSecondNs);
    n0.Flush();
    n1.Flush();
  }
  const cram::Run& run = Load();
  EXPECT_FALSE(run.ended());
  EXPECT_EQ(run.SubJobState(0), State::kRunning);
  EXPECT_EQ(run.Last(0)->previous->state(), State::kNodeFail);
}

TEST_F(RunTest, ASubJobThatAwaitsItsNextAttemptIsPending) {
  {
    ExampleNode n0(directory_, 0, 1, 1);
    Ended ended = ExampleNode::Make(0, Cause::kExitCode, 1);
    ended.set_will_retry(true);
    n0.End(ended);
    n0.Flush();
  }
  EXPECT_EQ(Load().SubJobState(0), State::kPending);
  ASSERT_TRUE(ReplaceFile(directory_.summary(), "{}").ok());
  EXPECT_EQ(Load().SubJobState(0), State::kFailed);
}

TEST_F(RunTest, SaysWhatADamagedJournalHides) {
  WriteExampleRun(directory_);
  Flip(directory_.journal(0), 200);
  const cram::Run& run = Load();
  ASSERT_EQ(run.warnings().size(), 1u);
  EXPECT_THAT(run.warnings()[0], HasSubstr("journal.0: damaged at byte "));
  EXPECT_EQ(run.SubJobState(4), State::kCompleted);  // n1's
  EXPECT_EQ(run.SubJobState(6), State::kPending);    // behind the damage
}

TEST_F(RunTest, ATornTailIsNormalWhileTheRunLives) {
  WriteExampleRun(directory_);
  CutOff(directory_.journal(0), 1);
  EXPECT_THAT(Load().warnings(), IsEmpty());
  ASSERT_TRUE(ReplaceFile(directory_.summary(), "{}").ok());
  EXPECT_THAT(Load().warnings(),
              ElementsAre(HasSubstr("the last record is cut off")));
}

TEST_F(RunTest, ShowsTheOtherNodesWhenOneJournalIsForeign) {
  WriteExampleRun(directory_);
  ASSERT_TRUE(ReplaceFile(directory_.journal(0), "something else").ok());
  const cram::Run& run = Load();
  EXPECT_THAT(run.warnings(), ElementsAre(HasSubstr("not a cramjrnl file")));
  EXPECT_EQ(run.SubJobState(4), State::kCompleted);
}

TEST_F(RunTest, FailsWhenNoJournalCanBeRead) {
  EXPECT_FALSE(cram::Run::Load(directory_).ok());
  ASSERT_TRUE(ReplaceFile(directory_.journal(0), "something else").ok());
  absl::StatusOr<std::unique_ptr<cram::Run>> run = cram::Run::Load(directory_);
  ASSERT_FALSE(run.ok());
  EXPECT_THAT(std::string(run.status().message()),
              HasSubstr("not a cramjrnl file"));
}

TEST_F(RunTest, DoesNotBelieveAnIndexAboveTheRun) {
  {
    ExampleNode n0(directory_, 0, 1, 5);
    n0.Start(uint64_t{1} << 60, 0, kRunBegin);
    n0.Start(5, 0, kRunBegin);
    n0.Start(4, 0, kRunBegin);
    n0.Flush();
  }
  const cram::Run& run = Load();
  EXPECT_THAT(run.warnings(),
              ElementsAre(HasSubstr("2 records are of sub-jobs above 4")));
  EXPECT_EQ(run.SubJobState(4), State::kRunning);
}

}  // namespace
}  // namespace cram
