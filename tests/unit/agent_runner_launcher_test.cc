// Processes that are started by a thread of their slot's.
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "pack/base/fd.h"
#include "pack/base/io.h"
#include "pack/base/program_path.h"
#include "spank/agent/runner/launcher.h"
#include "spank/agent/runner/spawn.h"
#include "tests/unit/spawn_fixture.h"

namespace cram {
namespace {

class Launching : public Spawning {
 protected:
  Launching() {
    sched_getaffinity(0, sizeof cpus_, &cpus_);
    launcher_ = *Launcher::Create();
  }

  void Launch(std::vector<std::string> words) {
    words_ = std::move(words);
    programs_ = ProgramPaths(words_[0], "/usr/bin:/bin");
    argv_.clear();
    for (std::string& word : words_) argv_.push_back(&word[0]);
    argv_.push_back(nullptr);
    request_.programs = &programs_;
    request_.argv = argv_.data();
    request_.envp = &argv_.back();
    launcher_->Launch(request_, cpus_);
  }
  SpawnResult Result() {
    launcher_->TellWhenDone();
    pollfd done = {launcher_->done_fd(), POLLIN, 0};
    EXPECT_EQ(poll(&done, 1, 10000), 1);
    return launcher_->TakeResult().value_or(SpawnResult());
  }

  std::vector<std::string> words_;
  std::vector<char*> argv_;
  cpu_set_t cpus_;
  std::unique_ptr<Launcher> launcher_;
};

TEST_F(Launching, GivesTheCpus) {
  int cpu = 0;
  while (!CPU_ISSET(cpu, &cpus_)) ++cpu;
  CPU_ZERO(&cpus_);
  CPU_SET(cpu, &cpus_);
  for (int i = 0; i < 2; ++i) {
    Launch({"nproc"});
    EXPECT_EQ(Wait(Result().pid).code, 0);
  }
  EXPECT_EQ(Printed(), "1\n1\n");
}

// Another sub-job may have made all processes that the user may have.
TEST_F(Launching, WaitsUntilThereMayBeAnotherProcess) {
  launcher_.reset();
  pid_t pid = fork();
  if (pid == 0) {
    launcher_ = *Launcher::Create();
    rlimit none = {0, 1000}, some = {1000, 1000};
    setrlimit(RLIMIT_NPROC, &none);
    // Of all threads; root may have as many as it likes.
    if (geteuid() == 0 && setuid(65534) != 0) _exit(2);
    Launch({"true"});
    usleep(300000);
    if (launcher_->TakeResult()) _exit(3);
    setrlimit(RLIMIT_NPROC, &some);
    _exit(Result().pid > 0 ? 0 : 1);
  }
  EXPECT_EQ(Wait(pid).code, 0);
}

TEST_F(Launching, CpusThatAreNotThereComeBackAsTheirErrno) {
  CPU_ZERO(&cpus_);
  Launch({"true"});
  SpawnResult result = Result();
  EXPECT_EQ(result.failed_step, "sched_setaffinity");
  EXPECT_EQ(result.error, EINVAL);
  ExpectNoChild();
}

TEST_F(Launching, WhatCannotRunComesBackAsItsErrno) {
  Launch({"/not/there"});
  SpawnResult result = Result();
  EXPECT_EQ(result.failed_step, "execve");
  EXPECT_EQ(result.error, ENOENT);
  ExpectNoChild();
}

TEST_F(Launching, TellsOnlyWhoAsksOrWhatFails) {
  pollfd done = {launcher_->done_fd(), POLLIN, 0};
  Launch({"true"});
  while (!launcher_->TakeResult()) sched_yield();
  EXPECT_EQ(poll(&done, 1, 0), 0);
  EXPECT_GT(wait(nullptr), 0);
  Launch({"/not/there"});
  EXPECT_EQ(poll(&done, 1, 10000), 1);
  EXPECT_LT(launcher_->TakeResult()->pid, 0);
  EXPECT_EQ(poll(&done, 1, 0), 0);
}

TEST_F(Launching, HasNoResultBeforeThereIsOne) {
  EXPECT_FALSE(launcher_->TakeResult());
  EXPECT_EQ(launcher_->child(), 0);
  Launch({"true"});
  Wait(Result().pid);
  EXPECT_FALSE(launcher_->TakeResult());
}

// A program whose file system does not answer holds up its slot only.
TEST_F(Launching, DoesNotHoldUpItsCaller) {
  std::string pipe = directory_.path() + "/interpreter";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0755), 0);
  UniqueFd held = *OpenFile(pipe, O_RDWR);
  // The child waits in write(2), before it execs, until the pipe has room.
  ASSERT_EQ(fcntl(held.get(), F_SETPIPE_SZ, 4096), 4096);
  std::string page(4096, 'x');
  ASSERT_TRUE(WriteFull(held.get(), page, "pipe").ok());
  request_.cgroup_procs_fd = held.get();
  Launch({"true"});
  EXPECT_FALSE(launcher_->TakeResult());
  while (launcher_->child() == 0) sched_yield();
  EXPECT_EQ(kill(launcher_->child(), 0), 0);
  EXPECT_FALSE(launcher_->TakeResult());
  char room[4096];
  ASSERT_EQ(read(held.get(), room, sizeof room), 4096);
  EXPECT_EQ(Wait(Result().pid).code, 0);
}

// Who reaps may be faster than the launcher's thread.
TEST_F(Launching, NamesTheChildBeforeItsResultIsTaken) {
  for (int i = 0; i < 100; ++i) {
    Launch({"true"});
    int status;
    pid_t reaped;
    while ((reaped = wait(&status)) < 0 && errno == ECHILD) sched_yield();
    EXPECT_EQ(launcher_->child(), reaped);
    EXPECT_EQ(Result().pid, reaped);
  }
}

// A process that is nobody's but the launcher's (CLONE_PARENT), and in no
// process group of a sub-job.
TEST_F(Launching, EndsWhatTheLastOneMadeItsChild) {
  Launch({"python3", "-c",
          absl::StrCat("import ctypes, os, time\n"
                       "pid = ctypes.CDLL(None).syscall(",
                       SYS_clone, ", ", CLONE_PARENT | SIGCHLD,
                       ", 0, 0, 0, 0)\n"
                       "if pid == 0:\n"
                       "  os.setsid()\n"
                       "  time.sleep(100)\n"
                       "print(pid)\n")});
  EXPECT_EQ(Wait(Result().pid).code, 0);
  pid_t foreign = 0;
  ASSERT_TRUE(absl::SimpleAtoi(Printed(), &foreign));
  EXPECT_EQ(kill(foreign, 0), 0);
  Launch({"true"});
  EXPECT_EQ(Wait(Result().pid).code, 0);
  EXPECT_EQ(kill(foreign, 0), -1);
}

TEST_F(Launching, ProcessesDieWithTheLauncher) {
  Launch({"sleep", "100"});
  pid_t sleeper = Result().pid;
  launcher_.reset();
  EXPECT_EQ(Wait(sleeper).signal, SIGKILL);
}

}  // namespace
}  // namespace cram
