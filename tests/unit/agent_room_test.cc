#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "pack/base/io.h"
#include "pack/journal/journal_writer.h"
#include "spank/agent/agent/options.h"
#include "spank/agent/agent/progress_line.h"
#include "spank/agent/agent/remove_tree.h"
#include "spank/agent/agent/summary.h"
#include "spank/agent/agent/verdict.h"
#include "tests/unit/temporary_directory.h"

namespace cram {
namespace {

namespace fs = std::filesystem;

// ---- The cause

struct End {
  EndFacts facts;
  Cause cause;
};

class Causes : public testing::TestWithParam<End> {};

TEST_P(Causes, AreNamedByWhatWeighsMost) {
  EXPECT_EQ(CauseOf(GetParam().facts), GetParam().cause);
}

constexpr ExitStatus kFine{};
constexpr ExitStatus kCode{7, 0, false};
constexpr ExitStatus kKilled{0, 9, false};
constexpr ExitStatus kAborted{0, 6, true};
constexpr CapVerdict kWithin = CapVerdict::kWithin;
constexpr EndReason kTimeLimit = EndReason::kTimeLimit;

INSTANTIATE_TEST_SUITE_P(
    Of, Causes,
    testing::Values(
        End{{kFine}, Cause::kCompleted}, End{{kCode}, Cause::kExitCode},
        End{{kKilled}, Cause::kSignal},
        // A parent that survives its child's death by the cap.
        End{{kFine, CapVerdict::kOwnCap}, Cause::kOwnCap},
        End{{kCode, CapVerdict::kOwnCap, kTimeLimit}, Cause::kOwnCap},
        End{{kKilled, CapVerdict::kNodeBudget}, Cause::kNodeBudget},
        End{{kKilled, CapVerdict::kHost}, Cause::kHostOutOfMemory},
        // One that took SIGTERM for a reason to end well.
        End{{kFine, kWithin, kTimeLimit}, Cause::kTimeLimit},
        End{{kKilled, kWithin, kTimeLimit}, Cause::kTimeLimit},
        End{{kFine, kWithin, EndReason::kCancelled}, Cause::kCancelled},
        End{{kKilled, kWithin, EndReason::kCancelled}, Cause::kCancelled},
        End{{kFine, kWithin, EndReason::kOutputBudget}, Cause::kOutputBudget},
        // A runtime's words count only with an end that fits them.
        End{{kCode, kWithin, EndReason::kNone, true},
            Cause::kRuntimeMemoryError},
        End{{kAborted, kWithin, EndReason::kNone, true},
            Cause::kRuntimeMemoryError},
        End{{kKilled, kWithin, EndReason::kNone, true}, Cause::kSignal},
        End{{kFine, kWithin, EndReason::kNone, true}, Cause::kCompleted},
        End{{kCode, kWithin, kTimeLimit, true}, Cause::kTimeLimit},
        End{{kKilled, CapVerdict::kOwnCap, EndReason::kNone, true},
            Cause::kOwnCap}));

// ---- The summary

Summary SummaryOf(std::vector<std::pair<State, uint64_t>> counts,
                  uint64_t subjobs) {
  Summary summary;
  summary.run_id = "12.0";
  summary.run_directory = "/runs/cram-12.0";
  summary.subjobs = subjobs;
  for (auto [state, count] : counts) {
    summary.finished[static_cast<size_t>(state)] = count;
  }
  summary.nodes = 4;
  summary.slots = 64;
  summary.start = absl::FromUnixSeconds(1000);
  summary.end = absl::FromUnixSeconds(1050);
  return summary;
}

TEST(Summary, AllCompletedIsStatus0) {
  EXPECT_EQ(SummaryOf({{State::kCompleted, 10}}, 10).exit_status(), 0);
}

TEST(Summary, SomeThatDidNotIsStatus1) {
  for (State state : {State::kFailed, State::kOutOfMemory, State::kTimeout}) {
    EXPECT_EQ(SummaryOf({{State::kCompleted, 9}, {state, 1}}, 10).exit_status(),
              1);
  }
}

TEST(Summary, SomethingLeftToRunIsStatus3) {
  EXPECT_EQ(SummaryOf({{State::kCompleted, 9}}, 10).exit_status(), 3);
  EXPECT_EQ(SummaryOf({}, 10).exit_status(), 3);
  for (State state : {State::kCompleted, State::kFailed}) {
    Summary summary = SummaryOf({{state, 9}, {State::kCancelled, 1}}, 10);
    summary.stop_reason = "SIGTERM on n0";
    EXPECT_EQ(summary.exit_status(), 3);
  }
}

TEST(Summary, SubJobsThatTheUserCancelledAreStatus1) {
  Summary summary =
      SummaryOf({{State::kCompleted, 9}, {State::kCancelled, 1}}, 10);
  EXPECT_EQ(summary.exit_status(), 1);
}

TEST(Summary, SaysHowManyOfEachStateAndWhereToLook) {
  EXPECT_EQ(SummaryOf({{State::kCompleted, 97},
                       {State::kFailed, 1},
                       {State::kOutOfMemory, 2}},
                      100)
                .Text(),
            "100 sub-jobs: 97 completed, 1 failed, 2 out of memory "
            "(4 nodes, 64 slots, 00:00:50, 2.0/s)\n"
            "cram: records in /runs/cram-12.0\n"
            "cram: what went wrong: cramacct -j 12.0 -s F,OOM --why");
}

TEST(Summary, SaysWhyItStoppedAndWhatDidNotRun) {
  Summary summary = SummaryOf({{State::kCompleted, 8}}, 10);
  summary.stop_reason = "SIGTERM on n1";
  summary.without_result = *IndexSet::Parse("3,7");
  EXPECT_EQ(summary.Text(),
            "10 sub-jobs: 8 completed, 2 did not run "
            "(4 nodes, 64 slots, 00:00:50, 0.2/s)\n"
            "cram: stopped early: SIGTERM on n1\n"
            "cram: did not run: 3,7\n"
            "cram: records in /runs/cram-12.0");
}

TEST(Summary, ShortensALongListOfIndexes) {
  Summary summary = SummaryOf({}, 100000);
  for (uint64_t index = 0; index < 100000; index += 2) {
    summary.without_result.Add(index);
  }
  std::string text = summary.Text();
  EXPECT_LT(text.size(), 400U);
  EXPECT_NE(text.find("did not run: 0,2,4,"), std::string::npos);
  EXPECT_NE(text.find(",..."), std::string::npos);
}

TEST(Summary, IsJsonForPrograms) {
  Summary summary =
      SummaryOf({{State::kCompleted, 8}, {State::kFailed, 1}}, 10);
  summary.lost_nodes = {"n2"};
  summary.benched_nodes = {"n3", "n5"};
  summary.stop_reason = "a \"quote\"";
  summary.without_result = *IndexSet::Parse("3");
  nlohmann::json json = nlohmann::json::parse(summary.Json());
  EXPECT_EQ(json["run_id"], "12.0");
  EXPECT_EQ(json["subjobs"], 10);
  EXPECT_EQ(json["states"]["COMPLETED"], 8);
  EXPECT_EQ(json["states"]["FAILED"], 1);
  EXPECT_EQ(json["without_result"], "3");
  EXPECT_EQ(json["lost_nodes"][0], "n2");
  EXPECT_EQ(json["benched_nodes"][1], "n5");
  EXPECT_EQ(json["stop_reason"], "a \"quote\"");
  EXPECT_EQ(json["exit_status"], 3);
  EXPECT_EQ(json["end_ns"].get<int64_t>() - json["start_ns"].get<int64_t>(),
            50000000000);
}

TEST(Summary, FindsWhatHasNoFinalRecord) {
  TemporaryDirectory directory;
  RunDirectory run(directory.path());
  auto append = [](JournalWriter* journal, uint64_t index, bool will_retry) {
    JournalRecord record;
    record.mutable_ended()->set_index(index);
    record.mutable_ended()->set_will_retry(will_retry);
    journal->Append(record);
  };
  for (uint32_t node : {0, 1}) {
    std::unique_ptr<JournalWriter> journal =
        *JournalWriter::Create(run.journal(node));
    append(journal.get(), node, false);
    append(journal.get(), 5 + node, true);
    if (node == 0) append(journal.get(), 5, false);
    ASSERT_TRUE(journal->Flush().ok());
  }
  EXPECT_EQ(FindWithoutResult(run, IndexSet({0, 8}))->ToString(), "2-4,6-7");
}

// ---- Progress

TEST(ProgressLine, SaysHowFarAndHowLong) {
  std::array<uint64_t, kStates> finished = {};
  EXPECT_EQ(ProgressLine::Text(2000, finished, 8, 0, absl::Seconds(3)),
            "0/2000 done, 8 running, 0 failed");
  finished[static_cast<size_t>(State::kCompleted)] = 997;
  finished[static_cast<size_t>(State::kFailed)] = 2;
  finished[static_cast<size_t>(State::kTimeout)] = 1;
  EXPECT_EQ(ProgressLine::Text(2000, finished, 8, 0, absl::Seconds(50)),
            "1000/2000 done, 8 running, 3 failed, 20.0/s, 00:00:50 left");
  EXPECT_EQ(ProgressLine::Text(1000, finished, 0, 0, absl::Seconds(50)),
            "1000/1000 done, 0 running, 3 failed, 20.0/s");
  EXPECT_EQ(ProgressLine::Text(2000, finished, 8, 0, absl::ZeroDuration()),
            "1000/2000 done, 8 running, 3 failed");
}

TEST(ProgressLine, CountsNothingOfAnEarlierRunToTheRate) {
  std::array<uint64_t, kStates> finished = {};
  finished[static_cast<size_t>(State::kCompleted)] = 1000;
  EXPECT_EQ(ProgressLine::Text(2000, finished, 8, 1000, absl::Seconds(1)),
            "1000/2000 done, 8 running, 0 failed");
  EXPECT_EQ(ProgressLine::Text(2000, finished, 8, 900, absl::Seconds(50)),
            "1000/2000 done, 8 running, 0 failed, 2.0/s, 00:08:20 left");
}

// ---- The command line

absl::StatusOr<AgentOptions> Parse(std::vector<std::string> words) {
  std::vector<char*> argv = {const_cast<char*>("cram-agent")};
  for (std::string& word : words) argv.push_back(&word[0]);
  return AgentOptions::Parse(static_cast<int>(argv.size()), argv.data());
}

TEST(AgentOptions, AreThoseOfTheRunAndTheDefaultCommand) {
  absl::StatusOr<AgentOptions> options =
      Parse({"--manifest=/m=1.pb", "--terminal", "--retry=2", "--progress",
             "--", "prog", "--flag", "--", "x"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->manifest, "/m=1.pb");
  EXPECT_TRUE(options->terminal);
  EXPECT_TRUE(options->run.progress);
  EXPECT_EQ(options->run.retry, 2U);
  EXPECT_EQ(options->default_command,
            (std::vector<std::string>{"prog", "--flag", "--", "x"}));
}

TEST(AgentOptions, AreThePluginsAlone) {
  absl::StatusOr<AgentOptions> options = Parse({"--sweep=1795364761"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->sweep, absl::FromUnixSeconds(1795364761));
  EXPECT_FALSE(Parse({"--sweep=soon"}).ok());
}

TEST(AgentOptions, NeedAManifestAndKnowEveryWord) {
  EXPECT_FALSE(Parse({}).ok());
  EXPECT_FALSE(Parse({"--manifest="}).ok());
  EXPECT_FALSE(Parse({"--manifest=m", "stray"}).ok());
  EXPECT_FALSE(Parse({"--manifest=m", "--no-such=1"}).ok());
  EXPECT_FALSE(Parse({"--manifest=m", "--retry=x"}).ok());
  EXPECT_FALSE(Parse({"--manifest=m", "-x"}).ok());
}

// ---- What sub-jobs leave

class Tree : public testing::Test {
 protected:
  Tree() : top_(directory_.path() + "/top") { fs::create_directory(top_); }
  void Remove() {
    EXPECT_TRUE(RemoveTree(top_));
    EXPECT_FALSE(fs::exists(fs::symlink_status(top_)));
  }

  TemporaryDirectory directory_;
  std::string top_;
};

TEST_F(Tree, EmptyOrAbsentIsRemoved) {
  Remove();
  Remove();
}

TEST_F(Tree, WithFilesOfEveryKindIsRemoved) {
  fs::create_directories(top_ + "/a/b/c");
  fs::create_directories(top_ + "/a/d");
  for (const char* file : {"/x", "/a/y", "/a/b/c/z", "/a/d/.hidden"}) {
    ASSERT_TRUE(ReplaceFile(top_ + file, "text").ok());
  }
  ASSERT_EQ(mkfifo((top_ + "/a/fifo").c_str(), 0600), 0);
  fs::create_symlink("nowhere", top_ + "/dangling");
  // What a removal that was interrupted would have left.
  fs::create_directories(top_ + "/cram-removes-1/x");
  Remove();
}

TEST_F(Tree, InaccessibleIsRemovedByItsOwner) {
  fs::create_directories(top_ + "/a/b");
  ASSERT_TRUE(ReplaceFile(top_ + "/a/b/file", "text").ok());
  for (const char* locked : {"/a/b", "/a", ""}) {
    ASSERT_EQ(chmod((top_ + locked).c_str(), 0), 0);
  }
  // Nobody is kept out as root.
  bool root = geteuid() == 0;
  if (root) {
    ASSERT_EQ(chown(directory_.path().c_str(), 65534, 65534), 0);
    for (const char* owned : {"", "/a", "/a/b", "/a/b/file"}) {
      ASSERT_EQ(chown((top_ + owned).c_str(), 65534, 65534), 0);
    }
    ASSERT_EQ(seteuid(65534), 0);
  }
  bool removed = RemoveTree(top_);
  if (root) {
    ASSERT_EQ(seteuid(0), 0);
  }
  EXPECT_TRUE(removed);
  EXPECT_FALSE(fs::exists(top_));
}

TEST_F(Tree, LinksAreNotFollowed) {
  std::string precious = directory_.path() + "/precious";
  fs::create_directory(precious);
  ASSERT_TRUE(ReplaceFile(precious + "/file", "text").ok());
  ASSERT_EQ(chmod(precious.c_str(), 0500), 0);
  fs::create_directories(top_ + "/a/b");
  fs::create_directory_symlink(precious, top_ + "/link");
  fs::create_directory_symlink(precious, top_ + "/a/b/link");
  fs::create_directory_symlink("..", top_ + "/a/up");
  Remove();
  fs::create_directory_symlink(precious, top_);
  Remove();
  EXPECT_EQ(*ReadFile(precious + "/file"), "text");
  struct stat status;
  ASSERT_EQ(stat(precious.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0500U);
}

TEST_F(Tree, DeeperThanAnyPathIsRemoved) {
  std::string before = fs::current_path();
  fs::current_path(top_);
  std::string name(200, 'd');
  for (int depth = 0; depth < 1500; ++depth) {
    ASSERT_EQ(mkdir(name.c_str(), 0700), 0);
    ASSERT_EQ(chdir(name.c_str()), 0);
  }
  fs::current_path(before);
  Remove();
}

TEST_F(Tree, AFileInItsPlaceIsRemoved) {
  fs::remove(top_);
  ASSERT_TRUE(ReplaceFile(top_, "text").ok());
  Remove();
}

}  // namespace
}  // namespace cram
