// The caps for real: processes that take too much, under each of the backends.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "pack/base/fd.h"
#include "pack/base/io.h"
#include "pack/base/size.h"
#include "spank/agent/caps/caps.h"
#include "spank/agent/caps/cgroup1.h"
#include "spank/agent/caps/cgroup2.h"
#include "spank/agent/caps/control_file.h"
#include "spank/agent/caps/process_table.h"
#include "tests/unit/caps_fixture.h"
#include "tests/unit/temporary_directory.h"

namespace cram {
namespace {

// ---- What sub-jobs do. Each is the whole life of a process.

char* Map(size_t bytes, int flags) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                      flags | MAP_ANONYMOUS, -1, 0);
  return static_cast<char*>(memory);
}

int Hog() {
  memset(Map(2 * kGiB, MAP_PRIVATE), 1, 2 * kGiB);
  return 0;
}

int SharedHog() {
  memset(Map(2 * kGiB, MAP_SHARED), 1, 2 * kGiB);
  return 0;
}

int Quiet() {
  memset(Map(50 * kMiB, MAP_PRIVATE), 1, 50 * kMiB);
  usleep(200000);
  return 0;
}

// Whose child is over the cap, and who does not care.
int Careless() {
  pid_t child = fork();
  if (child == 0) _exit(Hog());
  waitpid(child, nullptr, 0);
  return 0;
}

// Four that are over it only together.
int Family() {
  for (int i = 0; i < 4; ++i) {
    if (fork() == 0) {
      memset(Map(80 * kMiB, MAP_PRIVATE), 1, 80 * kMiB);
      sleep(30);
      _exit(0);
    }
  }
  sleep(30);
  return 0;
}

// Four that have 150 MB together, because fork shares them.
int Siblings() {
  char* memory = Map(150 * kMiB, MAP_PRIVATE);
  memset(memory, 1, 150 * kMiB);
  for (int i = 0; i < 4; ++i) {
    if (fork() == 0) {
      usleep(500000);
      _exit(0);
    }
  }
  while (wait(nullptr) > 0) {
  }
  return 0;
}

// Thirty that end one after the other, while they are being measured.
int Departing() {
  char* memory = Map(150 * kMiB, MAP_PRIVATE);
  memset(memory, 1, 150 * kMiB);
  for (int i = 0; i < 30; ++i) {
    if (fork() == 0) {
      usleep(300000 + i * 1000);
      _exit(0);
    }
  }
  while (wait(nullptr) > 0) {
  }
  return 0;
}

// Has a child for a while that has its memory, not a copy of it: no program of
// its own yet, which may take long to come from a file server.
int SlowToExec() {
  memset(Map(150 * kMiB, MAP_PRIVATE), 1, 150 * kMiB);
  pid_t child = vfork();
  if (child == 0) {
    usleep(300000);
    _exit(0);
  }
  waitpid(child, nullptr, 0);
  return 0;
}

// A file that has no name, of which nothing is mapped.
int NamelessHog() {
  int file = memfd_create("test", MFD_CLOEXEC);
  std::string megabyte(kMiB, 'x');
  for (int i = 0; i < 400; ++i) {
    if (!WriteFull(file, megabyte, "test").ok()) break;
  }
  sleep(100);
  return 0;
}

// The same, removed while it is open; and then something else in its place.
int Exchanging() {
  std::string megabyte(kMiB, 'x');
  for (int i = 0; i < 5; ++i) {
    int file = open("/dev/shm", O_TMPFILE | O_WRONLY, 0600);
    for (int j = 0; j < 120; ++j) {
      if (!WriteFull(file, megabyte, "test").ok()) return 1;
    }
    usleep(50000);
    close(file);
    char* memory = Map(120 * kMiB, MAP_PRIVATE);
    memset(memory, 1, 120 * kMiB);
    munmap(memory, 120 * kMiB);
  }
  return 0;
}

// Leaves a process that neither parent nor session connects with it, and whose
// parent no look at /proc has met.
void Desert(int (*life)()) {
  if (fork() == 0) {
    setsid();
    if (fork() == 0) {
      setsid();
      _exit(life());
    }
    _exit(0);
  }
  wait(nullptr);
}

int Deserter() {
  Desert([]() -> int { return pause(); });
  usleep(100000);
  return 0;
}

int HogThatDeserted() {
  Desert(Hog);
  sleep(30);
  return 0;
}

class EachCgroup : public EachCaps {};

TEST_P(EachCaps, AHogIsKilledAndNamed) {
  Outcome outcome = Attempt(slot_.get(), Hog);
  EXPECT_EQ(outcome.exit.signal, SIGKILL);
  EXPECT_EQ(outcome.verdict, CapVerdict::kOwnCap);
  EXPECT_TRUE(outcome.all_killed);
  EXPECT_GT(outcome.peak, kCap / 2);
  EXPECT_LE(outcome.peak, is_cgroup() ? kCap : kCap + 100 * kMiB);
}

// That it is gone is seen before it is reaped, and others are to go with it.
TEST_P(EachCgroup, AHogThatWasGoneBeforeWeKilledIsNamed) {
  ASSERT_TRUE(slot_->Arm(kCap).ok());
  pid_t pid = Start(slot_.get(), Hog);
  slot_->Started(pid);
  siginfo_t info;
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
  (void)slot_->OverCap();
  EXPECT_TRUE(slot_->KillAll());
  int status;
  rusage usage;
  ASSERT_EQ(wait4(pid, &status, 0, &usage), pid);
  slot_->LeaderEnded(ExitStatus::FromWait(status),
                     static_cast<uint64_t>(usage.ru_maxrss) * kKiB);
  EXPECT_EQ(slot_->Verdict(), CapVerdict::kOwnCap);
  ASSERT_TRUE(slot_->victim().has_value());
  EXPECT_EQ(slot_->victim()->pid, pid);
}

// The watchdog knows of no limit above.
TEST_P(EachCgroup, WhoDiesOfALimitAboveIsNotOverItsCap) {
  ControlFile limit;
  absl::Status status = limit.Open(
      directory_, is_cgroup2() ? "memory.max" : "memory.limit_in_bytes",
      O_WRONLY);
  if (status.ok()) status = limit.Write(absl::StrCat(100 * kMiB));
  ASSERT_TRUE(status.ok()) << status;
  Outcome outcome = Attempt(slot_.get(), Hog);
  EXPECT_EQ(outcome.exit.signal, SIGKILL);
  EXPECT_EQ(outcome.verdict, CapVerdict::kNodeBudget);
  // Counted, and then refused: up to a batch of 64 pages for each CPU.
  EXPECT_LE(outcome.peak, 104 * kMiB);
}

// Where many of them look, and nowhere above.
TEST_P(EachCgroup, RuntimesSeeTheCapAsTheLimitOfTheirOwnCgroup) {
  for (uint64_t cap : {kCap, 2 * kCap, kCap}) {
    ASSERT_TRUE(slot_->Arm(cap).ok());
    ControlFile limit;
    ASSERT_TRUE(limit
                    .Open(slot_->directory(),
                          is_cgroup2() ? "memory.max" : "memory.limit_in_bytes",
                          O_RDONLY)
                    .ok());
    EXPECT_GE(limit.ReadNumber(), cap);
    EXPECT_LE(limit.ReadNumber(), cap + 8 * kMiB);
  }
}

TEST_P(EachCaps, SharedMemoryCountsAsWell) {
  Outcome outcome = Attempt(slot_.get(), SharedHog);
  EXPECT_EQ(outcome.exit.signal, SIGKILL);
  EXPECT_EQ(outcome.verdict, CapVerdict::kOwnCap);
  EXPECT_LE(outcome.peak, is_cgroup() ? kCap : kCap + 100 * kMiB);
}

// As in a TMPDIR of a node without disks.
TEST_P(EachCaps, FilesInADirectoryOfItsOwnCountAsWell) {
  std::string directory = "/dev/shm/cram_test_XXXXXX";
  ASSERT_NE(mkdtemp(&directory[0]), nullptr);
  slot_->BeginDirectory(directory);
  Outcome outcome = Attempt(slot_.get(), [&] {
    std::string megabyte(kMiB, 'x');
    for (int i = 0; i < 400; ++i) {
      if (!ReplaceFile(absl::StrCat(directory, "/", i), megabyte).ok()) break;
    }
    sleep(100);
    return 0;
  });
  std::filesystem::remove_all(directory);
  EXPECT_EQ(outcome.verdict, CapVerdict::kOwnCap);
  EXPECT_GE(outcome.peak, kCap / 10 * 9);
}

TEST_P(EachCaps, FilesWithoutANameCountAsWell) {
  Outcome outcome = Attempt(slot_.get(), NamelessHog);
  EXPECT_EQ(outcome.exit.signal, SIGKILL);
  EXPECT_EQ(outcome.verdict, CapVerdict::kOwnCap);
  EXPECT_GE(outcome.peak, kCap / 10 * 9);
}

TEST_P(EachCaps, FilesWithoutANameCountNoLongerThanTheyAreThere) {
  Outcome outcome = Attempt(slot_.get(), Exchanging);
  EXPECT_TRUE(outcome.exit.success());
  EXPECT_EQ(outcome.verdict, CapVerdict::kWithin);
  EXPECT_GE(outcome.peak, 110 * kMiB);
}

TEST_P(EachCaps, AQuietOneIsWithin) {
  Outcome outcome = Attempt(slot_.get(), Quiet);
  EXPECT_TRUE(outcome.exit.success());
  EXPECT_EQ(outcome.verdict, CapVerdict::kWithin);
  EXPECT_GT(outcome.peak, 40 * kMiB);
  EXPECT_LT(outcome.peak, 100 * kMiB);
}

TEST_P(EachCaps, AParentThatSurvivesItsChildsDeathIsOverTheCap) {
  Outcome outcome = Attempt(slot_.get(), Careless);
  EXPECT_EQ(outcome.verdict, CapVerdict::kOwnCap);
  EXPECT_TRUE(outcome.all_killed);
}

TEST_P(EachCaps, TheCapIsThatOfAllProcessesTogether) {
  Outcome outcome = Attempt(slot_.get(), Family);
  EXPECT_EQ(outcome.verdict, CapVerdict::kOwnCap);
  EXPECT_EQ(outcome.exit.signal, SIGKILL);
  EXPECT_TRUE(outcome.all_killed);
}

TEST_P(EachCaps, SharedPagesAreNotCountedTwice) {
  Outcome outcome = Attempt(slot_.get(), Siblings);
  EXPECT_EQ(outcome.verdict, CapVerdict::kWithin);
  EXPECT_TRUE(outcome.exit.success());
}

TEST_P(EachCaps, MemoryThatAChildHasBeforeItExecsIsNotCountedTwice) {
  Outcome outcome = Attempt(slot_.get(), SlowToExec);
  EXPECT_EQ(outcome.verdict, CapVerdict::kWithin);
  EXPECT_TRUE(outcome.exit.success());
  EXPECT_LT(outcome.peak, kCap);
}

TEST_P(EachCaps, WhoEndsDoesNotLeaveHisShareToBeCountedTwice) {
  Outcome outcome = Attempt(slot_.get(), Departing);
  EXPECT_EQ(outcome.verdict, CapVerdict::kWithin);
  EXPECT_TRUE(outcome.exit.success());
}

TEST_P(EachCaps, WhatForkedAwayIsKilled) {
  Outcome outcome = Attempt(slot_.get(), Deserter);
  EXPECT_TRUE(outcome.exit.success());
  EXPECT_EQ(outcome.verdict, CapVerdict::kWithin);
  EXPECT_TRUE(outcome.all_killed);
  EXPECT_TRUE(ChildrenOf(getpid()).empty());
}

TEST_P(EachCaps, WhatForkedAwayCountsAsWell) {
  Outcome outcome = Attempt(slot_.get(), HogThatDeserted);
  EXPECT_EQ(outcome.verdict, CapVerdict::kOwnCap);
  EXPECT_EQ(outcome.exit.signal, SIGKILL);
  EXPECT_TRUE(outcome.all_killed);
}

TEST_P(EachCaps, ASlotForgetsTheLastAttempt) {
  EXPECT_EQ(Attempt(slot_.get(), Hog).verdict, CapVerdict::kOwnCap);
  Outcome quiet = Attempt(slot_.get(), Quiet);
  EXPECT_TRUE(quiet.exit.success());
  EXPECT_EQ(quiet.verdict, CapVerdict::kWithin);
  EXPECT_LT(quiet.peak, 100 * kMiB);
  EXPECT_EQ(Attempt(slot_.get(), Hog).verdict, CapVerdict::kOwnCap);
}

// Each peak is the attempt's own, small ones after large ones too.
// (Beside it there is the program itself, large under a sanitizer.)
TEST_P(EachCaps, APeakIsThatOfItsAttempt) {
  for (uint64_t bytes : {160 * kMiB, 40 * kMiB, 120 * kMiB, 80 * kMiB}) {
    Outcome outcome = Attempt(slot_.get(), [bytes] {
      memset(Map(bytes, MAP_PRIVATE), 1, bytes);
      usleep(300000);
      return 0;
    });
    EXPECT_GE(outcome.peak, bytes - kMiB);
    EXPECT_LT(outcome.peak, bytes + 36 * kMiB);
  }
}

// The watchdog sees no unmapped files.
TEST_P(EachCgroup, WhatTheLastOneLeftInATmpfsIsNotTheNextOnes) {
  std::string file = absl::StrCat("/dev/shm/cram_test_", getpid());
  EXPECT_TRUE(Attempt(slot_.get(), [&file] {
                return ReplaceFile(file, std::string(60 * kMiB, 'x')).ok() ? 0
                                                                           : 1;
              }).exit.success());
  EXPECT_GT(slot_->LeftBehind(), 55 * kMiB);
  Outcome next = Attempt(slot_.get(), Quiet, 80 * kMiB);
  EXPECT_EQ(next.verdict, CapVerdict::kWithin);
  EXPECT_TRUE(next.exit.success());
  EXPECT_GT(next.peak, 45 * kMiB);
  EXPECT_LT(next.peak, 65 * kMiB);
  EXPECT_EQ(Attempt(slot_.get(), Hog, 80 * kMiB).verdict, CapVerdict::kOwnCap);
  unlink(file.c_str());
  // The kernel adds its counts up now and then.
  absl::Time deadline = absl::Now() + kPatience;
  while (slot_->LeftBehind() != 0 && absl::Now() < deadline) usleep(1000);
  EXPECT_EQ(slot_->LeftBehind(), 0U);
}

TEST_P(EachCaps, SaysWhetherItHoldsALeader) {
  ASSERT_TRUE(slot_->Arm(kCap).ok());
  auto life = [] {
    sleep(100);
    return 0;
  };
  pid_t inside = Start(slot_.get(), life);
  pid_t outside = fork();
  if (outside == 0) _exit(life());
  slot_->Started(inside);
  absl::Time deadline = absl::Now() + kPatience;
  while (!slot_->Holds(inside) && absl::Now() < deadline) usleep(1000);
  EXPECT_TRUE(slot_->Holds(inside));
  EXPECT_EQ(slot_->Holds(outside), !is_cgroup());
  kill(outside, SIGKILL);
  siginfo_t info;
  waitid(P_PID, outside, &info, WEXITED | WNOWAIT);
  EXPECT_TRUE(slot_->Holds(outside)) << "it has ended";
  waitpid(outside, nullptr, 0);
  EXPECT_TRUE(slot_->Holds(outside)) << "it is gone";
  EXPECT_TRUE(KillAllOf(slot_.get()));
}

TEST_P(EachCgroup, HoldsWhoIsBelowIt) {
  ASSERT_TRUE(slot_->Arm(kCap).ok());
  std::string below = slot_->directory() + "/below";
  ASSERT_EQ(mkdir(below.c_str(), 0755), 0) << strerror(errno);
  pid_t pid = Start(slot_.get(), [&below] {
    int fd = open((below + "/cgroup.procs").c_str(), O_WRONLY);
    if (write(fd, "0", 1) != 1) return 1;
    return sleep(100) == 0 ? 0 : 1;
  });
  slot_->Started(pid);
  absl::Time deadline = absl::Now() + kPatience;
  std::string procs;
  while (procs.empty() && absl::Now() < deadline) {
    procs = ReadFile(below + "/cgroup.procs").value_or("");
  }
  EXPECT_EQ(procs, absl::StrCat(pid, "\n"));
  EXPECT_TRUE(slot_->Holds(pid));
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  EXPECT_TRUE(RemoveCgroup(below)) << strerror(errno);
}

TEST_P(EachCaps, ACapMayGrowAndShrinkFromAttemptToAttempt) {
  for (uint64_t cap : {100 * kMiB, 400 * kMiB, 20 * kMiB, kGiB}) {
    Outcome outcome = Attempt(slot_.get(), Quiet, cap);
    EXPECT_EQ(outcome.verdict,
              cap < 50 * kMiB ? CapVerdict::kOwnCap : CapVerdict::kWithin)
        << cap;
  }
}

TEST_P(EachCaps, SlotsAreApart) {
  std::unique_ptr<SlotCap> other = NewSlot(1);
  ASSERT_TRUE(other->Arm(kCap).ok());
  pid_t bystander = Start(other.get(), [] {
    sleep(100);
    return 0;
  });
  other->Started(bystander);
  EXPECT_EQ(Attempt(slot_.get(), Hog).verdict, CapVerdict::kOwnCap);
  EXPECT_EQ(kill(bystander, 0), 0);
  EXPECT_FALSE(other->OverCap());
  EXPECT_EQ(waitpid(bystander, nullptr, WNOHANG), 0);
  kill(bystander, SIGKILL);
  waitpid(bystander, nullptr, 0);
  EXPECT_TRUE(KillAllOf(other.get()));
  EXPECT_EQ(other->Verdict(), CapVerdict::kWithin);
}

TEST_P(EachCaps, ASlotThatWasNeverUsedHasNothingToKill) {
  EXPECT_TRUE(slot_->KillAll());
  EXPECT_FALSE(slot_->OverCap());
  EXPECT_EQ(slot_->Verdict(), CapVerdict::kWithin);
}

INSTANTIATE_TEST_SUITE_P(Of, EachCaps,
                         testing::Values("cgroup/v1", "cgroup/v1, handed over",
                                         "cgroup/v2", "watchdog"),
                         NameOf);

INSTANTIATE_TEST_SUITE_P(Of, EachCgroup,
                         testing::Values("cgroup/v1", "cgroup/v1, handed over",
                                         "cgroup/v2"),
                         NameOf);

TEST(Cgroup1Caps, WhereNoLeafCanBeMadeFails) {
  EXPECT_FALSE(Cgroup1Caps::Create("/proc/no/such/place", {}).ok());
}

TEST(Cgroup2Caps, WhereNoLeafCanBeMadeFails) {
  EXPECT_FALSE(Cgroup2Caps::Create("/proc/no/such/place", {}).ok());
}

// Files of the right names limit nothing.
TEST(Cgroup2Caps, AreNotMadeOutsideOfACgroupFileSystem) {
  TemporaryDirectory plain;
  std::filesystem::create_directories(plain.path() + "/slot_0/run");
  for (const char* file :
       {"slot_0/memory.max", "slot_0/memory.oom.group",
        "slot_0/cgroup.subtree_control", "slot_0/memory.events",
        "slot_0/cgroup.events", "slot_0/run/cgroup.procs"}) {
    ASSERT_TRUE(ReplaceFile(plain.path() + "/" + file, "0\n").ok());
  }
  EXPECT_FALSE(Cgroup2Caps::Create(plain.path(), {}).ok());
}

TEST(CheckEntry, RefusesAFileThatMovesNobody) {
  TemporaryDirectory plain;
  std::string procs = plain.path() + "/cgroup.procs";
  ASSERT_TRUE(ReplaceFile(procs, "").ok());
  absl::StatusOr<UniqueFd> file = OpenFile(procs, O_WRONLY);
  ASSERT_TRUE(file.ok());
  absl::Status status = CheckEntry(file->get(), plain.path()).status();
  EXPECT_THAT(std::string(status.message()),
              testing::HasSubstr("is not in it"));
  EXPECT_FALSE(CheckEntry(-1, plain.path()).ok());
}

}  // namespace
}  // namespace cram
