#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "spank/ranks/pmi1.h"

namespace cram {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A host that keeps what each rank was answered.
class Pmi1Test : public ::testing::Test, protected Pmi1::Host {
 protected:
  Pmi1Test()
      : answers_(3), engine_({"world", 3, 3, "(vector,(0,1,3))"}, this) {}

  void Send(uint32_t rank, absl::string_view bytes) override {
    answers_[rank].append(bytes.data(), bytes.size());
  }
  void BarrierReached() override { ++barriers_; }
  void AskForName(uint32_t rank, const NameRequest& request) override {
    engine_.AnswerName(rank, request.kind, names_.Answer(request));
  }
  void Aborted(uint32_t rank, int exit_code) override {
    events_.push_back(absl::StrCat(rank, " aborts with ", exit_code));
  }
  void Broke(uint32_t rank, const std::string& why) override {
    events_.push_back(absl::StrCat(rank, " broke: ", why));
  }

  // What `rank` is answered to this line.
  std::string Ask(uint32_t rank, absl::string_view line) {
    answers_[rank].clear();
    engine_.Receive(rank, absl::StrCat(line, "\n"));
    return answers_[rank];
  }

  std::vector<std::string> answers_;
  Names names_;
  int barriers_ = 0;
  std::vector<std::string> events_;
  Pmi1 engine_;
};

TEST_F(Pmi1Test, GreetsVersion1AndNoOther) {
  EXPECT_EQ(Ask(0, "cmd=init pmi_version=1 pmi_subversion=1"),
            "cmd=response_to_init pmi_version=1 pmi_subversion=1 rc=0\n");
  EXPECT_TRUE(engine_.inside(0));
  EXPECT_THAT(Ask(1, "cmd=init pmi_version=2 pmi_subversion=0"),
              HasSubstr("rc=-1"));
  EXPECT_FALSE(engine_.inside(1));
}

TEST_F(Pmi1Test, SaysWhatTheWorldIs) {
  EXPECT_EQ(Ask(1, "cmd=get_my_kvsname"), "cmd=my_kvsname kvsname=world\n");
  EXPECT_EQ(Ask(1, "cmd=get_universe_size"), "cmd=universe_size size=3\n");
  EXPECT_EQ(Ask(1, "cmd=get_appnum"), "cmd=appnum appnum=0\n");
  EXPECT_EQ(Ask(1, "cmd=get kvsname=world key=PMI_process_mapping"),
            "cmd=get_result rc=0 msg=success value=(vector,(0,1,3))\n");
}

TEST_F(Pmi1Test, WhatOneRankPutsAnotherGets) {
  EXPECT_EQ(Ask(2, "cmd=put kvsname=world key=card value=a b=c d"),
            "cmd=put_result rc=0 msg=success\n");
  EXPECT_EQ(Ask(0, "cmd=get kvsname=world key=card"),
            "cmd=get_result rc=0 msg=success value=a b=c d\n");
  EXPECT_THAT(Ask(0, "cmd=get kvsname=world key=other"),
              HasSubstr("rc=-1 msg=key_not_found"));
}

TEST_F(Pmi1Test, AKeyIsPutOnceAndIntoThisWorld) {
  Ask(0, "cmd=put kvsname=world key=k value=1");
  EXPECT_THAT(Ask(1, "cmd=put kvsname=world key=k value=2"),
              HasSubstr("rc=-1 msg=duplicate_key"));
  EXPECT_THAT(Ask(1, "cmd=put kvsname=another key=l value=2"),
              HasSubstr("rc=-1 msg=unknown_kvsname"));
  EXPECT_THAT(Ask(1, absl::StrCat("cmd=put kvsname=world key=",
                                  std::string(65, 'k'), " value=2")),
              HasSubstr("rc=-1"));
}

TEST_F(Pmi1Test, TheBarrierOpensWhenAllAreThere) {
  engine_.Receive(0, "cmd=barrier_in\n");
  engine_.Receive(2, "cmd=barrier_in\n");
  EXPECT_EQ(barriers_, 0);
  engine_.Receive(1, "cmd=barrier_in\n");
  EXPECT_EQ(barriers_, 1);
  EXPECT_THAT(answers_, ElementsAre("", "", ""));
  engine_.LeaveBarrier();
  EXPECT_THAT(answers_, ElementsAre("cmd=barrier_out\n", "cmd=barrier_out\n",
                                    "cmd=barrier_out\n"));
  engine_.Receive(1, "cmd=barrier_in\n");
  EXPECT_EQ(barriers_, 1);
}

TEST_F(Pmi1Test, WhoIsInTheBarrierCannotEnterIt) {
  engine_.Receive(0, "cmd=barrier_in\ncmd=barrier_in\n");
  EXPECT_THAT(events_, ElementsAre("0 broke: it is in the barrier already"));
}

TEST_F(Pmi1Test, PublishedNamesAreFoundUntilTheyAreUnpublished) {
  EXPECT_THAT(Ask(0, "cmd=lookup_name service=ocean"), HasSubstr("info=fail"));
  EXPECT_THAT(Ask(0, "cmd=publish_name service=ocean port=tag#0$x y"),
              HasSubstr("info=ok"));
  EXPECT_THAT(Ask(1, "cmd=publish_name service=ocean port=z"),
              HasSubstr("info=fail"));
  EXPECT_EQ(Ask(1, "cmd=lookup_name service=ocean"),
            "cmd=lookup_result info=ok rc=0 port=tag#0$x y\n");
  EXPECT_THAT(Ask(0, "cmd=unpublish_name service=ocean"), HasSubstr("info=ok"));
  EXPECT_THAT(Ask(1, "cmd=lookup_name service=ocean"), HasSubstr("info=fail"));
}

TEST_F(Pmi1Test, SpawnIsRefusedPolitely) {
  engine_.Receive(1,
                  "mcmd=spawn\nnprocs=2\nexecname=./x\ncmd=barrier_in\n"
                  "endcmd\ncmd=get_appnum\n");
  EXPECT_EQ(answers_[1],
            "cmd=spawn_result rc=-1 msg=spawn_is_not_supported\n"
            "cmd=appnum appnum=0\n");
  EXPECT_THAT(events_, IsEmpty());
}

TEST_F(Pmi1Test, WhatRanksOnOtherNodesPutIsGotAfterTheBarrier) {
  answers_.resize(1);
  Pmi1 here({"world", 2, 1, "(vector,(0,2,1))"}, this);
  Pmi1 there({"world", 2, 1, "(vector,(0,2,1))"}, this);
  there.Receive(0, "cmd=put kvsname=world key=card value=at port 7 = x\n");
  here.Receive(0, "cmd=barrier_in\n");
  EXPECT_EQ(barriers_, 1);
  here.AddPuts(there.TakePuts());
  EXPECT_EQ(there.TakePuts(), "");
  here.LeaveBarrier();
  answers_[0].clear();
  here.Receive(0, "cmd=get kvsname=world key=card\n");
  EXPECT_THAT(answers_[0], HasSubstr("value=at port 7 = x\n"));
}

TEST_F(Pmi1Test, AbortIsPassedOn) {
  Ask(2, "cmd=abort exitcode=7");
  Ask(1, "cmd=abort");
  EXPECT_THAT(events_, ElementsAre("2 aborts with 7", "1 aborts with 1"));
}

TEST_F(Pmi1Test, WhoHasFinalizedIsOutside) {
  Ask(0, "cmd=init pmi_version=1 pmi_subversion=1");
  EXPECT_EQ(Ask(0, "cmd=finalize"), "cmd=finalize_ack\n");
  EXPECT_FALSE(engine_.inside(0));
}

TEST_F(Pmi1Test, PiecesOfAnySizeAreLines) {
  for (char c : std::string("cmd=get_appnum\ncmd=get_appnum\n")) {
    engine_.Receive(0, absl::string_view(&c, 1));
  }
  EXPECT_EQ(answers_[0], "cmd=appnum appnum=0\ncmd=appnum appnum=0\n");
}

TEST_F(Pmi1Test, OtherWordsBreakTheirRankAndNoOther) {
  engine_.Receive(0, "GET / HTTP/1.1\ncmd=get_appnum\n");
  EXPECT_THAT(events_, ElementsAre("0 broke: '' is no command of PMI-1"));
  EXPECT_EQ(answers_[0], "");
  EXPECT_EQ(Ask(1, "cmd=get_appnum"), "cmd=appnum appnum=0\n");
}

TEST_F(Pmi1Test, ALineWithoutEndIsNotWaitedFor) {
  engine_.Receive(0, std::string(100000, 'x'));
  EXPECT_THAT(events_, ElementsAre("0 broke: a line without end"));
}

}  // namespace
}  // namespace cram
