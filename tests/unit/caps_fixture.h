// Sub-jobs under each kind of cap that this machine has, as the agent runs
// them.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "pack/base/exit_status.h"
#include "pack/base/fd.h"
#include "pack/base/size.h"
#include "spank/agent/caps/caps.h"
#include "spank/agent/caps/cgroup1.h"
#include "spank/agent/caps/cgroup2.h"
#include "spank/agent/caps/cgroup_mounts.h"
#include "spank/agent/caps/control_file.h"
#include "spank/agent/caps/process_table.h"
#include "spank/agent/caps/watchdog.h"

namespace cram {

constexpr uint64_t kCap = 200 * kMiB;
constexpr absl::Duration kPatience = absl::Seconds(20);

struct Outcome {
  ExitStatus exit;
  CapVerdict verdict = CapVerdict::kWithin;
  uint64_t peak = 0;
  bool all_killed = false;
};

inline pid_t Start(SlotCap* cap, const std::function<int()>& life) {
  pid_t pid = fork();
  if (pid != 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setsid();
  if (cap->mark() != nullptr) setrlimit(RLIMIT_RTTIME, cap->mark());
  if (cap->entry_fd() >= 0 && write(cap->entry_fd(), "0", 1) != 1) _exit(99);
  _exit(life());
}

// Watches the cap until the leader is reaped; what else is reaped is ignored.
inline ExitStatus Watch(SlotCap* cap, pid_t leader) {
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

inline bool KillAllOf(SlotCap* cap) {
  absl::Time deadline = absl::Now() + kPatience;
  while (!cap->KillAll()) {
    if (absl::Now() > deadline) return false;
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    usleep(1000);
  }
  return true;
}

inline Outcome Attempt(SlotCap* cap, const std::function<int()>& life,
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
           {"/tasks", "/memory.limit_in_bytes", "/memory.max_usage_in_bytes",
            "/memory.memsw.limit_in_bytes"}) {
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

inline std::string NameOf(const testing::TestParamInfo<const char*>& info) {
  std::string name = info.param;
  if (name == "watchdog") return "Watchdog";
  return absl::StrCat("Cgroup", name.substr(8, 1),
                      name.size() > 9 ? "HandedOver" : "");
}

}  // namespace cram
