#include <gtest/gtest.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pack/base/size.h"
#include "spank/agent/caps/cgroup1.h"
#include "spank/agent/caps/victim.h"

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

TEST(Victim, IsTheLargest) {
  pid_t small = fork();
  if (small == 0) pause();
  static volatile char* memory;
  pid_t large = fork();
  if (large == 0) {
    memory = new char[64 << 20];
    memset(const_cast<char*>(memory), 1, 64 << 20);
    raise(SIGSTOP);
  }
  siginfo_t info;
  ASSERT_EQ(waitid(P_PID, large, &info, WSTOPPED), 0);
  std::optional<Victim> victim = FindVictim({small, large, 0}, {});
  kill(small, SIGKILL);
  kill(large, SIGKILL);
  waitpid(small, nullptr, 0);
  waitpid(large, nullptr, 0);
  ASSERT_TRUE(victim.has_value());
  EXPECT_EQ(victim->pid, large);
  EXPECT_GE(victim->bytes, 64 * kMiB);
  EXPECT_FALSE(victim->dying);
  EXPECT_NE(victim->command.find("agent_caps_test"), std::string::npos);
  EXPECT_FALSE(FindVictim({small, large}, {}).has_value());
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
