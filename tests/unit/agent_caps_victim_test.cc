#include <gtest/gtest.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"
#include "pack/base/size.h"
#include "spank/agent/caps/cgroup1.h"
#include "spank/agent/caps/victim.h"
#include "spank/agent/caps/witness.h"
#include "tests/unit/temporary_directory.h"

namespace cram {
namespace {

TEST(CommandText, IsWordsWithBlanksAndNothingUnprintable) {
  EXPECT_EQ(CommandText(absl::string_view("python3\0./hog\0a b\0", 18)),
            "python3 ./hog a b");
  EXPECT_EQ(CommandText("one\ntwo\033[1m\xc3\xa9"),
            "one\\012two\\033[1m\\303\\251");
  EXPECT_EQ(CommandText(absl::string_view("\0\0", 2)), "");
}

TEST(CommandText, IsCutWhereItIsLong) {
  std::string text = CommandText(std::string(100000, 'x'));
  EXPECT_EQ(text.size(), kMaxCommandText);
  EXPECT_EQ(text.substr(text.size() - 4), "x...");
  EXPECT_EQ(CommandText(std::string(kMaxCommandText, 'x')),
            std::string(kMaxCommandText, 'x'));
}

TEST(MemoryStatus, IsWhatTheKernelSays) {
  MemoryStatus status = ParseMemoryStatus(
      "Name:\thog\nState:\tR (running)\nRssAnon:\t  204800 kB\n"
      "RssFile:\t    4096 kB\nRssShmem:\t    1024 kB\n"
      "SigPnd:\t0000000000000000\nShdPnd:\t0000000000000100\n");
  EXPECT_EQ(status.name, "hog");
  EXPECT_EQ(status.state, 'R');
  EXPECT_EQ(status.bytes, 201 * kMiB);
  EXPECT_TRUE(status.has_memory);
  EXPECT_TRUE(status.sigkill_pending);
}

TEST(MemoryStatus, OfADyingProcessHasNoMemory) {
  MemoryStatus status = ParseMemoryStatus(
      "Name:\thog\nState:\tD (disk sleep)\nShdPnd:\t0000000000000000\n");
  EXPECT_FALSE(status.has_memory);
  EXPECT_FALSE(status.sigkill_pending);
  EXPECT_EQ(ParseMemoryStatus("").bytes, 0u);
}

// A process with so much memory, that waits to be killed.
class Taker {
 public:
  explicit Taker(size_t bytes) {
    static volatile char* memory;
    pid_ = fork();
    if (pid_ == 0) {
      memory = new char[bytes];
      memset(const_cast<char*>(memory), 1, bytes);
      raise(SIGSTOP);
    }
    siginfo_t info;
    EXPECT_EQ(waitid(P_PID, pid_, &info, WSTOPPED), 0);
  }
  ~Taker() { Kill(); }
  void Kill() {
    if (pid_ == 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
};

TEST(Victim, IsTheLargest) {
  Taker small(1 << 20), large(64 << 20);
  std::vector<pid_t> both = {small.pid(), large.pid()};
  std::optional<Victim> victim = FindVictim({both[0], both[1], 0}, {});
  ASSERT_TRUE(victim.has_value());
  EXPECT_EQ(victim->pid, both[1]);
  EXPECT_GE(victim->bytes, 64 * kMiB);
  EXPECT_FALSE(victim->dying);
  EXPECT_NE(victim->command.find("agent_caps_test"), std::string::npos);
  small.Kill();
  large.Kill();
  EXPECT_FALSE(FindVictim(both, {}).has_value());
}

TEST(Victim, HasTheSizeThatIsKnownOfIt) {
  Taker one(1 << 20), other(2 << 20);
  Victim known = {one.pid(), "its command", 100 * kMiB, false};
  std::optional<Victim> victim = FindVictim({one.pid(), other.pid()}, known);
  ASSERT_TRUE(victim.has_value());
  EXPECT_EQ(victim->pid, one.pid());
  EXPECT_EQ(victim->bytes, 100 * kMiB);
}

// A directory stands for the cgroup: only its list of processes is read.
class WitnessOf : public testing::Test {
 protected:
  void Look(const std::vector<pid_t>& pids, bool killed) {
    std::string list;
    for (pid_t pid : pids) absl::StrAppend(&list, pid, "\n");
    ASSERT_TRUE(ReplaceFile(directory_.path() + "/cgroup.procs", list).ok());
    witness_.Look(directory_.path(), killed);
  }
  pid_t Named() const {
    std::optional<Victim> victim = witness_.victim();
    return victim ? victim->pid : 0;
  }

  TemporaryDirectory directory_;
  Taker small_{1 << 20}, large_{64 << 20};
  Witness witness_{false};
};

TEST_F(WitnessOf, TheLargestThatIsGoneNamesIt) {
  pid_t large = large_.pid();
  Look({small_.pid(), large}, false);
  EXPECT_EQ(Named(), 0) << "nobody was killed as yet";
  large_.Kill();
  Look({small_.pid()}, true);
  EXPECT_EQ(Named(), large);
  EXPECT_GE(witness_.victim()->bytes, 64 * kMiB);
  EXPECT_NE(witness_.victim()->command.find("agent_caps_test"),
            std::string::npos);
}

TEST_F(WitnessOf, WhoLivesOnNamesHimNot) {
  Look({small_.pid(), large_.pid()}, false);
  Look({small_.pid(), large_.pid()}, true);
  EXPECT_EQ(Named(), 0);
}

TEST_F(WitnessOf, NobodyWasSeenNamesNobody) {
  Look({}, true);
  EXPECT_EQ(Named(), 0);
}

TEST_F(WitnessOf, ALeaderThatWasKilledNamesIt) {
  witness_.Started(small_.pid());
  Look({}, true);
  witness_.LeaderKilled();
  EXPECT_EQ(Named(), small_.pid());
}

TEST_F(WitnessOf, WhatWeKillTellsNothing) {
  Look({large_.pid()}, false);
  witness_.WeKill();
  large_.Kill();
  Look({small_.pid()}, true);
  EXPECT_EQ(Named(), 0);
}

// Where all are killed together.
class WitnessOfAll : public WitnessOf {
 protected:
  WitnessOfAll() { witness_ = Witness(true); }
  // Looks while it is dying of SIGKILL.
  void LookAtDying(pid_t pid) {
    ASSERT_EQ(ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEEXIT), 0);
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    Look({pid}, true);
    ptrace(PTRACE_CONT, pid, 0, 0);
  }
};

TEST_F(WitnessOfAll, TheLargestIsNamedThoughItLivesOn) {
  Look({small_.pid(), large_.pid()}, false);
  Look({small_.pid(), large_.pid()}, true);
  EXPECT_EQ(Named(), large_.pid());
}

TEST_F(WitnessOfAll, ASmallOneThatIsSeenDyingIsNotTheLargestThatIsGone) {
  pid_t large = large_.pid();
  Look({small_.pid(), large}, false);
  large_.Kill();
  LookAtDying(small_.pid());
  EXPECT_EQ(Named(), large);
}

TEST_F(WitnessOfAll, OneThatIsSeenDyingIsNamed) {
  LookAtDying(small_.pid());
  EXPECT_EQ(Named(), small_.pid());
}

TEST_F(WitnessOfAll, NobodyWasSeenNamesNobody) {
  Look({}, true);
  EXPECT_EQ(Named(), 0);
  witness_.Started(small_.pid());
  witness_.LeaderKilled();
  EXPECT_EQ(Named(), small_.pid());
  witness_.Forget();
  EXPECT_EQ(Named(), 0);
}

// A host that runs out of memory cannot be had for a test: what the files of
// the cgroup say then is simulated.
TEST(JudgeKill, TellsOwnCapNodeBudgetAndHostApart) {
  EXPECT_EQ(JudgeKill(true, true), CapVerdict::kOwnCap);
  EXPECT_EQ(JudgeKill(true, false), CapVerdict::kOwnCap);
  EXPECT_EQ(JudgeKill(false, true), CapVerdict::kNodeBudget);
  EXPECT_EQ(JudgeKill(false, false), CapVerdict::kHost);
}

}  // namespace
}  // namespace cram
