#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "pack/base/exit_status.h"
#include "pack/base/fd.h"
#include "pack/base/io.h"
#include "pack/base/program_path.h"
#include "spank/agent/runner/launcher.h"
#include "spank/agent/runner/spawn.h"
#include "tests/unit/temporary_directory.h"

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

// One process and what it prints, in files of a directory.
class Spawning : public testing::Test {
 protected:
  Spawning() {
    in_ = *OpenFile("/dev/null", O_RDONLY);
    out_ = *OpenFile(directory_.path() + "/out", O_RDWR | O_CREAT | O_TRUNC);
    environment_ = {"PATH=/usr/bin:/bin", "GREETING=hello"};
    request_.stdin_fd = in_.get();
    request_.stdout_fd = request_.stderr_fd = out_.get();
  }

  SpawnResult Start(std::vector<std::string> words) {
    programs_ = ProgramPaths(words[0], "/usr/bin:/bin");
    return StartOneOf(std::move(words));
  }
  SpawnResult StartOneOf(std::vector<std::string> words) {
    std::vector<char*> argv, envp;
    for (std::string& word : words) argv.push_back(&word[0]);
    argv.push_back(nullptr);
    for (std::string& variable : environment_) envp.push_back(&variable[0]);
    envp.push_back(nullptr);
    request_.programs = &programs_;
    request_.argv = argv.data();
    request_.envp = envp.data();
    return Spawn(request_);
  }

  ExitStatus Run(std::vector<std::string> words) {
    SpawnResult result = Start(std::move(words));
    EXPECT_EQ(result.failed_step, "");
    return Wait(result.pid);
  }
  static ExitStatus Wait(pid_t pid) {
    int status = 0;
    EXPECT_EQ(waitpid(pid, &status, 0), pid);
    return ExitStatus::FromWait(status);
  }
  std::string Printed() const { return *ReadFile(directory_.path() + "/out"); }
  void ExpectNoChild() {
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
  }

  TemporaryDirectory directory_;
  UniqueFd in_, out_;
  std::vector<std::string> environment_, programs_;
  SpawnRequest request_;
};

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

// A cgroup2 of the test's own, where one can be made.
class SpawningInCgroup : public Spawning {
 protected:
  void SetUp() override {
    for (const char* mount : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
      struct statfs kind;
      if (statfs(mount, &kind) == 0 && kind.f_type == CGROUP2_SUPER_MAGIC) {
        name_ = absl::StrCat("/cram_test_", getpid());
        path_ = mount + name_;
      }
    }
    if (path_.empty() || mkdir(path_.c_str(), 0755) != 0) {
      path_.clear();
      GTEST_SKIP() << "no cgroup2 here in which we may make a cgroup";
    }
    cgroup_.reset(open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    procs_ = *OpenFile(path_ + "/cgroup.procs", O_WRONLY);
    request_.cgroup_fd = cgroup_.get();
    request_.cgroup_procs_fd = procs_.get();
  }
  ~SpawningInCgroup() override {
    if (!path_.empty()) {
      EXPECT_EQ(rmdir(path_.c_str()), 0) << strerror(errno);
    }
  }

  // Whether a process is where it belongs.
  bool IsThere() {
    EXPECT_EQ(Run({"grep", "^0::", "/proc/self/cgroup"}).code, 0);
    return Printed() == "0::" + name_ + "\n";
  }
  // That clone3(2) does not answer, as in many containers.
  static void RefuseClone3(int error) {
    sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
        BPF_STMT(BPF_RET | BPF_K,
                 SECCOMP_RET_ERRNO | static_cast<uint32_t>(error)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    sock_fprog program = {4, filter};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ASSERT_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
  }

  std::string name_, path_;
  UniqueFd cgroup_, procs_;
};

TEST_F(SpawningInCgroup, BeginsThere) {
  EXPECT_TRUE(IsThere());
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Run({"true"}).code, 0);
}

#if !defined(__SANITIZE_ADDRESS__)
TEST_F(SpawningInCgroup, NeedsNoWrite) {
  request_.cgroup_procs_fd = in_.get();
  EXPECT_TRUE(IsThere());
}
#endif

TEST_F(SpawningInCgroup, GivesErrorsBack) {
  SpawnResult result = Start({"/not/there"});
  EXPECT_EQ(result.failed_step, "execve");
  EXPECT_EQ(result.error, ENOENT);
  ExpectNoChild();
}

TEST_F(SpawningInCgroup, EntersByItselfWhereClone3IsRefused) {
  for (int error : {ENOSYS, EPERM}) {
    ASSERT_EQ(ftruncate(out_.get(), 0), 0);
    pid_t agent = fork();
    if (agent == 0) {
      RefuseClone3(error);
      lseek(out_.get(), 0, SEEK_SET);
      _exit(IsThere() && Run({"true"}).code == 0 ? 0 : 1);
    }
    EXPECT_EQ(Wait(agent).code, 0) << error;
  }
}

TEST_F(SpawningInCgroup, EntersByItselfWhereThatIsNoCgroup) {
  request_.cgroup_fd = in_.get();
  EXPECT_TRUE(IsThere());
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
    SpawnResult result = Start({"sleep", "1000"});
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

// The same by a launcher.
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
                       "  time.sleep(1000)\n"
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
  Launch({"sleep", "1000"});
  pid_t sleeper = Result().pid;
  launcher_.reset();
  EXPECT_EQ(Wait(sleeper).signal, SIGKILL);
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
