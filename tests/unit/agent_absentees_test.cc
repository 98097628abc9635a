#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "pack/journal/journal_writer.h"
#include "spank/agent/agent/absentees.h"
#include "tests/unit/temporary_directory.h"

namespace cram {
namespace {

class AbsenteesTest : public testing::Test, public Absentees::Listener {
 protected:
  AbsenteesTest() : absentees_(&run_, this) {
    run_.loop = *Loop::Create();
    run_.directory = RunDirectory(directory_.path());
    run_.tree = Tree(8, 2);
    run_.patience = Patience(absl::Milliseconds(60));
  }

  bool MayGiveUp() override {
    ++looks_;
    if (looks_ == may_from_look_) may_ = true;
    return may_;
  }
  bool IsOf(uint32_t node, uint32_t child) override {
    (void)child;
    return came_instead_.count(node) == 0;
  }
  void ChildLost(uint32_t child, const std::string& reason,
                 const LostShare& share) override {
    reasons_[child] = reason;
    findings_ = share.Judge(Work(IndexSet({0, 10})));
    run_.loop->Stop();
  }

  // Of a node's agent that completed one sub-job, and has ended.
  void MakeJournal(uint32_t node, uint64_t index, bool closed) {
    auto journal = *JournalWriter::Create(run_.directory.journal(node));
    JournalRecord record;
    record.mutable_ended()->set_index(index);
    record.mutable_ended()->set_cause(static_cast<uint32_t>(Cause::kCompleted));
    journal->Append(record);
    if (closed) {
      record.mutable_closed();
      journal->Append(record);
    }
    EXPECT_TRUE(journal->Flush().ok());
  }

  TemporaryDirectory directory_;
  cram::Run run_;
  Absentees absentees_;
  int looks_ = 0, may_from_look_ = 0;
  bool may_ = true;
  std::set<uint32_t> came_instead_;
  std::map<uint32_t, std::string> reasons_;
  LostShare::Findings findings_;
};

TEST_F(AbsenteesTest, WhoDoesNotComeIsLostAndWhoCameIsNot) {
  absentees_.Expect(1);
  absentees_.Expect(2);
  absentees_.Came(1);
  EXPECT_FALSE(absentees_.IsAbsent(1));
  run_.loop->Run();
  EXPECT_EQ(
      reasons_,
      (std::map<uint32_t, std::string>({{2, "it did not come in 120ms"}})));
  EXPECT_TRUE(absentees_.WasLost(2));
  EXPECT_FALSE(absentees_.IsAbsent(2));
  EXPECT_FALSE(absentees_.WasLost(1));
}

TEST_F(AbsenteesTest, NobodyIsGivenUpByWhoMayBeGivenUpItself) {
  may_ = false;
  may_from_look_ = 8;
  absentees_.Expect(1);
  run_.loop->Run();
  EXPECT_EQ(looks_, 8);
  EXPECT_TRUE(absentees_.WasLost(1));
}

TEST_F(AbsenteesTest, AJournalThatSaysSoIsBelievedAtOnce) {
  run_.patience = Patience(absl::Hours(1));
  MakeJournal(7, 3, true);
  absentees_.Broke(7, "closed by peer");
  EXPECT_EQ(reasons_[7], "closed by peer");
}

TEST_F(AbsenteesTest, WhoHasOthersBelowMayHaveLeftThem) {
  MakeJournal(1, 3, true);
  absentees_.Broke(1, "closed by peer");
  EXPECT_TRUE(reasons_.empty());
  run_.loop->Run();
  EXPECT_TRUE(absentees_.WasLost(1));
}

// The children of 1 are 3 and 4, that of 3 is 7.
TEST_F(AbsenteesTest, JournalsOfAllWhoWereBelowAreReadButOfThoseWhoCame) {
  MakeJournal(1, 0, false);
  MakeJournal(3, 1, true);
  MakeJournal(4, 2, false);
  MakeJournal(7, 3, false);
  came_instead_ = {4};
  absentees_.Broke(1, "closed by peer");
  run_.loop->Run();
  EXPECT_EQ(findings_.again.indexes().ToString(), "2,4-9");
}

TEST_F(AbsenteesTest, WhoWentBeforeItWasHeardIsWaitedForAsIfItHadNotCome) {
  absentees_.Came(1);
  absentees_.Broke(1, "closed by peer");
  run_.loop->Run();
  EXPECT_TRUE(absentees_.WasLost(1));
  EXPECT_GE(run_.loop->now() - run_.start.instant, absl::Milliseconds(120));
}

TEST_F(AbsenteesTest, WhoWasHeardIsNotWaitedForAsLong) {
  run_.patience = Patience(absl::Milliseconds(600));
  for (uint32_t child : {1, 2}) absentees_.Came(child);
  absentees_.Heard(1);
  run_.loop->After(absl::Milliseconds(1), [this] {
    absentees_.Broke(1, "closed by peer");
    absentees_.Broke(2, "closed by peer");
  });
  run_.loop->Run();
  EXPECT_TRUE(absentees_.WasLost(1));
  EXPECT_FALSE(absentees_.WasLost(2));
}

TEST_F(AbsenteesTest, WhoWasReplacedIsWaitedForAnewAndDoesNotComeBack) {
  absentees_.Broke(1, "closed by peer");
  EXPECT_FALSE(absentees_.WasReplaced(1));
  run_.loop->After(absl::Milliseconds(8), [this] { absentees_.Replaced(1); });
  Instant began = run_.loop->now();
  run_.loop->After(absl::Milliseconds(9), [this] {
    EXPECT_TRUE(absentees_.WasReplaced(1));
    EXPECT_TRUE(absentees_.IsAbsent(1));
  });
  run_.loop->Run();
  EXPECT_TRUE(absentees_.WasLost(1));
  EXPECT_GE(run_.loop->now() - began, absl::Milliseconds(18));
}

}  // namespace
}  // namespace cram
