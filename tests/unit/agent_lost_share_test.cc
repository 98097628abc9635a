#include <gtest/gtest.h>

#include "pack/base/io.h"
#include "pack/journal/journal_writer.h"
#include "spank/agent/agent/lost_share.h"
#include "tests/unit/temporary_directory.h"

namespace cram {
namespace {

class LostShareTest : public testing::Test {
 protected:
  LostShareTest()
      : path_(directory_.path() + "/journal.1"),
        journal_(*JournalWriter::Create(path_)) {}

  void Started(uint64_t index, uint32_t attempt) {
    JournalRecord record;
    record.mutable_started()->set_index(index);
    record.mutable_started()->set_attempt(attempt);
    journal_->Append(record);
  }
  void Ended(uint64_t index, uint32_t attempt, Cause cause,
             bool again = false) {
    JournalRecord record;
    record.mutable_ended()->set_index(index);
    record.mutable_ended()->set_attempt(attempt);
    record.mutable_ended()->set_cause(static_cast<uint32_t>(cause));
    record.mutable_ended()->set_will_retry(again);
    journal_->Append(record);
  }
  LostShare::Findings Judge(const Work& held) {
    EXPECT_TRUE(journal_->Flush().ok());
    LostShare share;
    share.Read(path_, Order());
    return share.Judge(held);
  }

  TemporaryDirectory directory_;
  std::string path_;
  std::unique_ptr<JournalWriter> journal_;
};

uint64_t Count(const LostShare::Findings& findings, State state) {
  return findings.finished[static_cast<size_t>(state)];
}

TEST_F(LostShareTest, WhatEndedIsNotRunAgainAndWhatRanIs) {
  Started(0, 0);
  Ended(0, 0, Cause::kCompleted);
  Started(1, 0);
  Started(2, 0);
  Ended(2, 0, Cause::kExitCode);
  LostShare::Findings findings = Judge(Work(IndexSet({0, 5})));
  EXPECT_EQ(findings.again.indexes().ToString(), "1,3-4");
  EXPECT_EQ(findings.again.TriedOf(1).attempts, 1U);
  EXPECT_EQ(findings.again.TriedOf(1).losses, 1U);
  EXPECT_EQ(findings.again.TriedOf(3).attempts, 0U);
  EXPECT_EQ(findings.were_running, 1U);
  EXPECT_EQ(Count(findings, State::kCompleted), 1U);
  EXPECT_EQ(Count(findings, State::kFailed), 1U);
}

TEST_F(LostShareTest, JournalsHaveIndexesAndSharesHavePlaces) {
  Started(0, 0);
  Ended(0, 0, Cause::kCompleted);
  Started(1, 0);
  ASSERT_TRUE(journal_->Flush().ok());
  LostShare share;
  share.Read(path_, Order::LongestFirst({1, 2, 3}));
  LostShare::Findings findings = share.Judge(Work(IndexSet({0, 3})));
  EXPECT_EQ(findings.again.indexes().ToString(), "0-1");
  EXPECT_EQ(findings.again.TriedOf(1).losses, 1U);
}

TEST_F(LostShareTest, FailuresThatRetryCountsAreKept) {
  Started(0, 0);
  Ended(0, 0, Cause::kExitCode, true);
  Started(0, 1);
  Ended(0, 1, Cause::kExitCode, true);
  LostShare::Findings findings = Judge(Work(IndexSet({0, 1})));
  EXPECT_EQ(findings.again.TriedOf(0).attempts, 2U);
  EXPECT_EQ(findings.again.TriedOf(0).failures, 2U);
  EXPECT_EQ(findings.again.TriedOf(0).losses, 0U);
}

TEST_F(LostShareTest, WhoLosesItsNodeThreeTimesIsNotRunAgain) {
  Work held;
  held.Add(4, {2, 0, 2, 0});
  Started(4, 2);
  LostShare::Findings findings = Judge(held);
  EXPECT_TRUE(findings.again.empty());
  EXPECT_EQ(findings.given_up.count(4), 1U);
  EXPECT_EQ(Count(findings, State::kNodeFail), 1U);
}

TEST_F(LostShareTest, RecordsOfAnEarlierTimeAreAccountedFor) {
  Work held;
  held.Add(4, {1, 0, 1, 0});
  Started(4, 0);
  LostShare::Findings findings = Judge(held);
  EXPECT_EQ(findings.again.TriedOf(4).attempts, 1U);
  EXPECT_EQ(findings.again.TriedOf(4).losses, 1U);
}

TEST_F(LostShareTest, ReadsALongJournalInParts) {
  for (int i = 0; i <= LostShare::kAtOnce; ++i) Started(i, 0);
  ASSERT_TRUE(journal_->Flush().ok());
  LostShare share;
  EXPECT_FALSE(share.Read(path_, Order()));
  EXPECT_TRUE(share.Read(path_, Order()));
  EXPECT_EQ(share.Judge(Work(IndexSet({0, 20000}))).were_running,
            LostShare::kAtOnce + 1U);
}

TEST_F(LostShareTest, ReadsOnWhereItStopped) {
  Started(0, 0);
  ASSERT_TRUE(journal_->Flush().ok());
  LostShare share;
  share.Read(path_, Order());
  EXPECT_FALSE(share.Closed(path_));
  Ended(0, 0, Cause::kCompleted);
  JournalRecord closed;
  closed.mutable_closed()->set_time_ns(1);
  journal_->Append(closed);
  ASSERT_TRUE(journal_->Flush().ok());
  share.Read(path_, Order());
  EXPECT_TRUE(share.Closed(path_));
  EXPECT_TRUE(share.Judge(Work(IndexSet({0, 1}))).again.empty());
}

TEST_F(LostShareTest, WithoutAJournalEverythingIsRunAgain) {
  LostShare share;
  share.Read(directory_.path() + "/journal.9", Order());
  EXPECT_EQ(share.Judge(Work(IndexSet({0, 5}))).again.size(), 5U);
}

}  // namespace
}  // namespace cram
