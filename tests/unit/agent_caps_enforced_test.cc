// The caps for real: processes that take too much, under each of the backends.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "pack/base/exit_status.h"
#include "pack/base/io.h"
#include "pack/base/size.h"
#include "pack/base/spare_file.h"
#include "spank/agent/caps/cgroup1.h"
#include "spank/agent/caps/cgroup2.h"
#include "spank/agent/caps/cgroup_mounts.h"
#include "spank/agent/caps/control_file.h"
#include "spank/agent/caps/left_files.h"
#include "spank/agent/caps/process_table.h"
#include "spank/agent/caps/watchdog.h"
#include "tests/unit/temporary_directory.h"

namespace cram {
namespace {

constexpr uint64_t kCap = 200 * kMiB;
constexpr absl::Duration kPatience = absl::Seconds(20);

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

// Leaves a process that no parent and no session connects with it, and ends.
int Deserter() {
  const char* const environment[] = {"PATH=/usr/bin:/bin", "CRAM_SLOT=0",
                                     nullptr};
  execle("/bin/sh", "sh", "-c", "(setsid sleep 1000 &); sleep 0.1", nullptr,
         environment);
  return 99;
}

// ---- Running them, as the agent does.

struct Outcome {
  ExitStatus exit;
  CapVerdict verdict = CapVerdict::kWithin;
  uint64_t peak = 0;
  bool all_killed = false;
};

pid_t Start(SlotCap* cap, const std::function<int()>& life) {
  pid_t pid = fork();
  if (pid != 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setsid();
  if (cap->entry_fd() >= 0 && write(cap->entry_fd(), "0", 1) != 1) _exit(99);
  _exit(life());
}

// Watches the cap until the leader is reaped; what else is reaped is ignored.
ExitStatus Watch(SlotCap* cap, pid_t leader) {
  absl::Time deadline = absl::Now() + kPatience;
  int status = 0;
  while (waitpid(leader, &status, WNOHANG) == 0) {
    pollfd event{cap->event_fd(), static_cast<short>(cap->event()), 0};
    absl::Duration wait =
        std::min(cap->look_again(), absl::Duration(absl::Milliseconds(1)));
    poll(&event, 1, static_cast<int>(absl::ToInt64Milliseconds(wait)));
    if (cap->OverCap() || absl::Now() > deadline) cap->KillAll();
  }
  return ExitStatus::FromWait(status);
}

bool KillAllOf(SlotCap* cap) {
  absl::Time deadline = absl::Now() + kPatience;
  while (!cap->KillAll()) {
    if (absl::Now() > deadline) return false;
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    usleep(1000);
  }
  return true;
}

Outcome Attempt(SlotCap* cap, const std::function<int()>& life,
                uint64_t cap_bytes = kCap) {
  Outcome outcome;
  absl::Status armed = cap->Arm(cap_bytes);
  EXPECT_TRUE(armed.ok()) << armed;
  pid_t pid = Start(cap, life);
  cap->Started(pid);
  outcome.exit = Watch(cap, pid);
  outcome.all_killed = KillAllOf(cap);
  while (waitpid(-1, nullptr, WNOHANG) > 0) {
  }
  outcome.verdict = cap->Verdict();
  outcome.peak = cap->peak_bytes();
  return outcome;
}

// Each test runs with every backend that this machine has.
class EachCaps : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (is_cgroup()) {
      directory_ = MakeDirectory();
      if (directory_.empty()) return;
    }
    absl::StatusOr<std::unique_ptr<Caps>> caps = MakeCaps();
    ASSERT_TRUE(caps.ok()) << caps.status();
    caps_ = *std::move(caps);
    EXPECT_TRUE(absl::StartsWith(GetParam(), caps_->name()));
    slot_ = NewSlot(0);
  }
  void TearDown() override {
    slot_.reset();
    caps_.reset();
    if (!directory_.empty()) {
      // Who made the leaves removes them.
      for (const char* leaf : {"/slot_0", "/slot_1"}) {
        if (!is_handed_over()) break;
        EXPECT_TRUE(RemoveCgroup(directory_ + leaf)) << strerror(errno);
      }
      EXPECT_EQ(rmdir(directory_.c_str()), 0) << strerror(errno);
    }
    EXPECT_TRUE(ChildrenOf(getpid()).empty());
    prctl(PR_SET_CHILD_SUBREAPER, 0);
  }

  bool is_cgroup() const { return absl::string_view(GetParam()) != "watchdog"; }
  bool is_cgroup2() const {
    return absl::string_view(GetParam()) == "cgroup/v2";
  }
  bool is_handed_over() const {
    return absl::EndsWith(GetParam(), "handed over");
  }

  // A cgroup for slots; "" where the machine has none of the kind.
  std::string MakeDirectory() {
    MemoryCgroup mine = FindMemoryCgroup();
    std::string above = is_cgroup2() ? mine.v2 : mine.v1;
    if (is_cgroup2() && mine.v2.size() > mine.v2_mount.size()) {
      above.resize(above.rfind('/'));  // ours has processes
    }
    std::string path = absl::StrCat(above, "/cram_test_", getpid());
    if (above.empty()) {
      path.clear();
    } else if (mkdir(path.c_str(), 0755) != 0) {
      path.clear();
    } else if (is_cgroup2()) {
      ControlFile control;
      EXPECT_TRUE(control.Open(path, "cgroup.subtree_control", O_WRONLY).ok());
      if (!control.Write("+memory").ok()) {
        rmdir(path.c_str());
        path.clear();
      }
    }
    if (path.empty()) Skip();
    return path;
  }
  void Skip() {
    GTEST_SKIP() << "no memory controller of " << GetParam()
                 << " here in which we may make a cgroup";
  }

  absl::StatusOr<std::unique_ptr<Caps>> MakeCaps() const {
    if (!is_cgroup()) return std::make_unique<WatchdogCaps>();
    if (is_cgroup2()) return Cgroup2Caps::Create(directory_, {});
    return Cgroup1Caps::Create(
        directory_, is_handed_over() ? MakeLeaves() : std::vector<UniqueFd>());
  }

  // Two, as the plugin makes them.
  std::vector<UniqueFd> MakeLeaves() const {
    std::vector<UniqueFd> files;
    for (const char* slot : {"/slot_0", "/slot_1"}) {
      std::string leaf = directory_ + slot;
      EXPECT_EQ(mkdir(leaf.c_str(), 0755), 0) << strerror(errno);
      for (const char* file :
           {"/cgroup.procs", "/memory.limit_in_bytes",
            "/memory.max_usage_in_bytes", "/memory.memsw.limit_in_bytes"}) {
        UniqueFd fd(open((leaf + file).c_str(), O_RDWR | O_CLOEXEC));
        if (fd.valid()) files.push_back(std::move(fd));
      }
    }
    return files;
  }

  std::unique_ptr<SlotCap> NewSlot(uint32_t number) {
    absl::StatusOr<std::unique_ptr<SlotCap>> slot = caps_->MakeSlot(number);
    EXPECT_TRUE(slot.ok()) << slot.status();
    return *std::move(slot);
  }

  std::string directory_;
  std::unique_ptr<Caps> caps_;
  std::unique_ptr<SlotCap> slot_;
};

TEST_P(EachCaps, AHogIsKilledAndNamed) {
  Outcome outcome = Attempt(slot_.get(), Hog);
  EXPECT_EQ(outcome.exit.signal, SIGKILL);
  EXPECT_EQ(outcome.verdict, CapVerdict::kOwnCap);
  EXPECT_TRUE(outcome.all_killed);
  EXPECT_GT(outcome.peak, kCap / 2);
  EXPECT_LE(outcome.peak, is_cgroup() ? kCap : kCap + 100 * kMiB);
}

TEST_P(EachCaps, WhoDiesOfALimitAboveIsNotOverItsCap) {
  if (!is_cgroup()) GTEST_SKIP() << "the watchdog knows of no limit above";
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

TEST_P(EachCaps, SharedMemoryCountsAsWell) {
  Outcome outcome = Attempt(slot_.get(), SharedHog);
  EXPECT_EQ(outcome.exit.signal, SIGKILL);
  EXPECT_EQ(outcome.verdict, CapVerdict::kOwnCap);
  EXPECT_LE(outcome.peak, is_cgroup() ? kCap : kCap + 100 * kMiB);
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

TEST_P(EachCaps, WhatTheLastOneLeftInATmpfsIsNotTheNextOnes) {
  if (!is_cgroup()) GTEST_SKIP() << "the watchdog sees no unmapped files";
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
  EXPECT_EQ(slot_->LeftBehind(), 0U);
}

TEST_P(EachCaps, SaysWhetherItHoldsALeader) {
  ASSERT_TRUE(slot_->Arm(kCap).ok());
  auto life = [] {
    sleep(1000);
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

const pid_t kTest = getpid();  // also in its children

// Files in /dev/shm whose names are this test's, and what becomes of them.
class LeftFiles : public EachCaps {
 protected:
  void TearDown() override {
    for (const char* name : {"", "b", "c", "own"}) {
      std::error_code error;
      std::filesystem::remove_all(Path(name), error);
    }
    EachCaps::TearDown();
  }

  static std::string Path(const char* name) {
    return absl::StrCat(kSharedMemory, "/cram_test_", kTest, name);
  }
  static int Write(const std::string& file, uint64_t bytes) {
    UniqueFd fd(open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600));
    std::string piece(std::min(bytes, kMiB), 'x');
    for (; bytes > 0; bytes -= piece.size()) {
      piece.resize(std::min(bytes, kMiB));
      if (!WriteFull(fd.get(), piece, file).ok()) return 1;
    }
    return 0;
  }
  static bool IsThere(const char* name) {
    return access(Path(name).c_str(), F_OK) == 0;
  }
  // What a sub-job does, and then what is removed: so many bytes are expected.
  uint64_t After(const std::function<int()>& life, uint64_t bytes = 0) {
    since_ = absl::Now();
    EXPECT_TRUE(Attempt(slot_.get(), life).exit.success());
    return bytes == 0 ? Remove() : RemoveInTime(bytes);
  }
  uint64_t Remove() const {
    return RemoveLeftFiles(kSharedMemory, since_, slot_->directory());
  }
  // On a busy machine the kernel's counts move while one looks, and a file
  // stays; a later look finds it.
  uint64_t RemoveInTime(uint64_t bytes) const {
    return RemoveInTime(bytes, slot_->directory());
  }
  uint64_t RemoveInTime(uint64_t bytes, const std::string& directory) const {
    uint64_t removed = 0;
    for (int i = 0; i < 100 && removed < bytes; ++i) {
      if (i > 0) usleep(50000);
      removed += RemoveLeftFiles(kSharedMemory, since_, directory);
    }
    return removed;
  }

  absl::Time since_ = absl::InfinitePast();
};

TEST_P(LeftFiles, OfASubJobAreRemoved) {
  for (uint64_t bytes : {uint64_t{1}, 5 * kKiB, 300 * kKiB, 60 * kMiB}) {
    uint64_t removed =
        After([bytes] { return Write(Path(""), bytes) + Write(Path("b"), 1); },
              bytes + 4096);
    EXPECT_GE(removed, bytes + 4096);
    EXPECT_FALSE(IsThere("")) << bytes;
    EXPECT_FALSE(IsThere("b")) << bytes;
  }
  // In pieces.
  EXPECT_TRUE(
      Attempt(
          slot_.get(), [] { return Write(Path(""), 300 * kMiB); }, 400 * kMiB)
          .exit.success());
  EXPECT_EQ(RemoveInTime(300 * kMiB), 300 * kMiB);
}

TEST_P(LeftFiles, InDirectoriesGoWithThem) {
  EXPECT_GT(After(
                [] {
                  std::filesystem::create_directories(Path("") + "/deep/down");
                  return Write(Path("") + "/deep/down/file", 10000);
                },
                10001),
            10000u);
  EXPECT_FALSE(IsThere(""));
}

TEST_P(LeftFiles, EmptyOnesAndOddOnesStay) {
  EXPECT_EQ(After([] {
              mkfifo(Path("b").c_str(), 0600);
              mkdir(Path("c").c_str(), 0700);
              return Write(Path(""), 0);
            }),
            0u);
  EXPECT_TRUE(IsThere("") && IsThere("b") && IsThere("c"));
}

TEST_P(LeftFiles, WhatWasThereBeforeStays) {
  Write(Path(""), 10000);
  Write(Path("b"), 0);  // and a sub-job fills it
  usleep(50000);
  EXPECT_EQ(After([] { return Write(Path("b"), 10000); }), 0u);
  EXPECT_TRUE(IsThere("") && IsThere("b"));
}

TEST_P(LeftFiles, WhatIsSparedStays) {
  EXPECT_EQ(After([] {
              UniqueFd fd(open(Path("").c_str(), O_WRONLY | O_CREAT, 0600));
              SpareFile(fd.get());
              return Write(Path(""), 5000);
            }),
            0u);
  EXPECT_TRUE(IsThere(""));
}

TEST_P(LeftFiles, WhatSomebodyElseMadeMeanwhileStays) {
  since_ = absl::Now();
  Write(Path(""), 1);
  Write(Path("b"), 3 * kMiB);
  Write(Path("c"), 5000);
  EXPECT_TRUE(Attempt(slot_.get(), [] {
                // Two pages of its own, after a whole one.
                return Write(Path("c"), 10000);
              }).exit.success());
  EXPECT_EQ(Remove(), 0u);
  EXPECT_TRUE(IsThere("") && IsThere("b") && IsThere("c"));
  // Beside one that is removed.
  EXPECT_EQ(
      Attempt(slot_.get(), [] { return Write(Path("own"), 5000); }).exit.code,
      0);
  EXPECT_EQ(RemoveInTime(8192), 8192u);
  EXPECT_TRUE(IsThere("") && IsThere("b") && IsThere("c"));
}

TEST_P(LeftFiles, WhatSomebodyHasOpenOrMappedStays) {
  since_ = absl::Now();
  ASSERT_TRUE(Attempt(slot_.get(), [] {
                return Write(Path(""), 5000) + Write(Path("b"), 5000);
              }).exit.success());
  UniqueFd held(open(Path("").c_str(), O_RDONLY));
  UniqueFd other(open(Path("b").c_str(), O_RDWR));
  void* mapped = mmap(nullptr, 4096, PROT_READ, MAP_SHARED, other.get(), 0);
  other.reset();
  EXPECT_EQ(Remove(), 0u);
  EXPECT_TRUE(IsThere("") && IsThere("b"));
  held.reset();
  munmap(mapped, 4096);
  EXPECT_EQ(RemoveInTime(16384), 16384u);
}

TEST_P(LeftFiles, OfAnotherSlotStay) {
  std::unique_ptr<SlotCap> other = NewSlot(1);
  since_ = absl::Now();
  ASSERT_TRUE(Attempt(slot_.get(), [] {
                return Write(Path(""), 5000);
              }).exit.success());
  EXPECT_EQ(RemoveLeftFiles(kSharedMemory, since_, other->directory()), 0u);
  // Those below count to a cgroup.
  EXPECT_EQ(RemoveInTime(8192, directory_), 8192u);
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
    sleep(1000);
    return 0;
  });
  other->Started(bystander);
  EXPECT_EQ(Attempt(slot_.get(), Hog).verdict, CapVerdict::kOwnCap);
  EXPECT_EQ(kill(bystander, 0), 0);
  EXPECT_FALSE(other->OverCap());
  EXPECT_EQ(waitpid(bystander, nullptr, WNOHANG), 0);
  EXPECT_FALSE(other->KillAll());
  waitpid(bystander, nullptr, 0);
  EXPECT_TRUE(KillAllOf(other.get()));
  EXPECT_EQ(other->Verdict(), CapVerdict::kWithin);
}

TEST_P(EachCaps, ASlotThatWasNeverUsedHasNothingToKill) {
  EXPECT_TRUE(slot_->KillAll());
  EXPECT_FALSE(slot_->OverCap());
  EXPECT_EQ(slot_->Verdict(), CapVerdict::kWithin);
}

std::string NameOf(const testing::TestParamInfo<const char*>& info) {
  std::string name = info.param;
  if (name == "watchdog") return "Watchdog";
  return absl::StrCat("Cgroup", name.substr(8, 1),
                      name.size() > 9 ? "HandedOver" : "");
}

INSTANTIATE_TEST_SUITE_P(Of, EachCaps,
                         testing::Values("cgroup/v1", "cgroup/v1, handed over",
                                         "cgroup/v2", "watchdog"),
                         NameOf);
INSTANTIATE_TEST_SUITE_P(Of, LeftFiles,
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
