// Processes: what they are given, and what comes back of those that cannot be.
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "pack/base/fd.h"
#include "pack/base/io.h"
#include "pack/base/program_path.h"
#include "spank/agent/runner/spawn.h"
#include "tests/unit/spawn_fixture.h"

namespace cram {
namespace {

std::set<std::string> OpenDescriptors() {
  std::set<std::string> open;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/self/fd")) {
    open.insert(entry.path().filename());
  }
  return open;
}

// What the test program itself was given, and the listing's own.
const std::set<std::string> kInherited = OpenDescriptors();

TEST_F(Spawning, GivesTheExitCodeAndTheSignal) {
  EXPECT_EQ(Run({"true"}).code, 0);
  EXPECT_EQ(Run({"sh", "-c", "exit 42"}).code, 42);
  EXPECT_EQ(Run({"sh", "-c", "kill -SEGV $$"}).signal, SIGSEGV);
}

TEST_F(Spawning, WhatIsNotThereComesBackAsItsErrno) {
  SpawnResult result = Start({"/not/there"});
  EXPECT_EQ(result.pid, -1);
  EXPECT_EQ(result.failed_step, "execve");
  EXPECT_EQ(result.error, ENOENT);
  ExpectNoChild();
}

TEST_F(Spawning, WhatMayNotBeRunComesBackAsItsErrno) {
  std::string plain = directory_.path() + "/plain";
  ASSERT_TRUE(ReplaceFile(plain, "#!/bin/sh\n", 0644).ok());
  EXPECT_EQ(Start({plain}).error, EACCES);
  EXPECT_EQ(Start({directory_.path()}).error, EACCES);
  std::string garbage = directory_.path() + "/garbage";
  ASSERT_TRUE(ReplaceFile(garbage, "garbage", 0755).ok());
  EXPECT_EQ(Start({garbage}).error, ENOEXEC);
  ExpectNoChild();
}

TEST_F(Spawning, AMissingDirectoryComesBackAsItsErrno) {
  std::string missing = directory_.path() + "/missing";
  request_.cwd = missing.c_str();
  SpawnResult result = Start({"true"});
  EXPECT_EQ(result.failed_step, "chdir");
  EXPECT_EQ(result.error, ENOENT);
  ExpectNoChild();
}

TEST_F(Spawning, ACgroupThatCannotBeEnteredComesBackAsItsErrno) {
  UniqueFd read_only = *OpenFile("/dev/null", O_RDONLY);
  request_.cgroup_procs_fd = read_only.get();
  SpawnResult result = Start({"true"});
  EXPECT_EQ(result.failed_step, "enter cgroup");
  EXPECT_EQ(result.error, EBADF);
}

TEST_F(Spawning, GoesThroughThePathsAsAShellDoes) {
  std::string forbidden = directory_.path() + "/forbidden";
  ASSERT_TRUE(ReplaceFile(forbidden, "#!/bin/sh\n", 0644).ok());
  programs_ = {"/not/there", forbidden, "/bin/true"};
  SpawnResult found = StartOneOf({"true"});
  EXPECT_EQ(found.failed_step, "");
  Wait(found.pid);
  programs_ = {forbidden, "/not/there"};
  EXPECT_EQ(StartOneOf({"true"}).error, EACCES);
}

TEST_F(Spawning, GivesExactlyTheEnvironmentAndTheDirectory) {
  request_.cwd = "/usr";
  Run({"sh", "-c", "pwd; tr '\\0' '\\n' </proc/$$/environ"});
  EXPECT_EQ(Printed(), "/usr\nPATH=/usr/bin:/bin\nGREETING=hello\n");
}

TEST_F(Spawning, LeadsASessionOfItsOwn) {
  Run({"sh", "-c", "echo $$; ps -o sid= -o pgid= -p $$"});
  std::vector<std::string> numbers =
      absl::StrSplit(Printed(), absl::ByAnyChar(" \n"), absl::SkipEmpty());
  ASSERT_EQ(numbers.size(), 3U);
  EXPECT_EQ(numbers[1], numbers[0]);
  EXPECT_EQ(numbers[2], numbers[0]);
}

TEST_F(Spawning, HasTheMarkIfItsLimitsAllow) {
  rlimit mark = {123456789, 123456789}, higher = {223456789, 223456789};
  request_.mark = &mark;
  EXPECT_EQ(Run({"prlimit", "--rttime", "-o", "HARD", "--noheadings"}).code, 0);
  EXPECT_EQ(Printed(), "123456789\n");
  pid_t pid = fork();
  if (pid == 0) {
    setrlimit(RLIMIT_RTTIME, &mark);
    (void)setuid(65534);
    request_.mark = &higher;
    _exit(Start({"true"}).pid > 0 ? 0 : 1);
  }
  EXPECT_EQ(Wait(pid).code, 0);
}

TEST_F(Spawning, HasDefaultSignalsAndAnEmptyMask) {
  sigset_t all, old;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, &old);
  // As nohup, a shell's background and the agent itself leave them.
  std::vector<int> ignored = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGUSR1};
  std::vector<sighandler_t> before;
  for (int number : ignored) before.push_back(signal(number, SIG_IGN));
  std::vector<int> found = IgnoredSignals();
  request_.ignored_signals = &found;
  Run({"grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"});
  for (size_t i = 0; i < ignored.size(); ++i) signal(ignored[i], before[i]);
  sigprocmask(SIG_SETMASK, &old, nullptr);
  EXPECT_EQ(Printed(),
            "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_F(Spawning, InheritsNoDescriptorOfTheAgent) {
  std::vector<UniqueFd> opened;
  for (int i = 0; i < 5; ++i) {
    opened.push_back(*OpenFile("/dev/null", O_RDONLY));
  }
  Run({"ls", "/proc/self/fd"});
  for (absl::string_view fd :
       absl::StrSplit(Printed(), '\n', absl::SkipEmpty())) {
    EXPECT_EQ(kInherited.count(std::string(fd)), 1U) << fd;
  }
}

TEST_F(Spawning, KeepsStreamsThatAreAlreadyInTheirPlace) {
  request_.stdout_fd = STDOUT_FILENO;
  request_.stderr_fd = STDERR_FILENO;
  EXPECT_EQ(Run({"sh", "-c", ": >&1 && : >&2"}).code, 0);
}

TEST_F(Spawning, DiesWithTheAgent) {
  UniqueFd pid_file =
      *OpenFile(directory_.path() + "/pid", O_RDWR | O_CREAT | O_TRUNC);
  // We become the parent of what the agent leaves.
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  pid_t agent = fork();
  if (agent == 0) {
    SpawnResult result = Start({"sleep", "100"});
    (void)WriteFull(pid_file.get(), absl::StrCat(result.pid), "pid");
    raise(SIGKILL);
  }
  EXPECT_EQ(Wait(agent).signal, SIGKILL);
  pid_t sleeper = 0;
  ASSERT_TRUE(
      absl::SimpleAtoi(*ReadFile(directory_.path() + "/pid"), &sleeper));
  EXPECT_EQ(Wait(sleeper).signal, SIGKILL);
  prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST(ProgramPaths, AreThoseOfExecvp) {
  using Paths = std::vector<std::string>;
  EXPECT_EQ(ProgramPaths("/bin/x", "/usr"), Paths({"/bin/x"}));
  EXPECT_EQ(ProgramPaths("./x", "/usr"), Paths({"./x"}));
  EXPECT_EQ(ProgramPaths("x", "/a:/b"), Paths({"/a/x", "/b/x"}));
  EXPECT_EQ(ProgramPaths("x", ":/b:"), Paths({"./x", "/b/x", "./x"}));
  EXPECT_EQ(ProgramPaths("x", ""), Paths({"./x"}));
}

}  // namespace
}  // namespace cram
