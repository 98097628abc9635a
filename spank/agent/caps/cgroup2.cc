#include "spank/agent/caps/cgroup2.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "pack/base/clock.h"
#include "pack/base/io.h"
#include "pack/base/size.h"
#include "spank/agent/caps/kept_cache.h"
#include "spank/agent/caps/left_files.h"
#include "spank/agent/caps/witness.h"

namespace cram {
namespace {

// A sub-job that reads much may be at its cap all the time.
constexpr absl::Duration kBetweenSamples = absl::Milliseconds(100);

// The most by which a peak may be told too high.
constexpr uint64_t kPeakNotWorthForgetting = kMiB;

// The kernel keeps a removed cgroup for as long as a page is charged to it:
// no more of them than this, with what they have cached.
constexpr int kMostRemoved = 16;

// Runtimes look at the limit of the cgroup that they are in and at none above
// (Java before 24, .NET before 9, libuv before 1.45), and that is `run`. So it
// has one as well, above the slot's by more than the kernel charges at once (a
// huge page): the slot's, which is root's, is the one that is reached.
constexpr uint64_t kSeenAboveLimit = 4 * kMiB;

absl::Status MakeDirectory(const std::string& path) {
  if (mkdir(path.c_str(), 0755) == 0 || errno == EEXIST) {
    return absl::OkStatus();
  }
  return ErrnoStatus("mkdir", path, errno);
}

absl::Status WriteFile(const std::string& directory, const char* name,
                       absl::string_view text) {
  ControlFile file;
  absl::Status status = file.Open(directory, name, O_WRONLY);
  return status.ok() ? file.Write(text) : status;
}

class Cgroup2Slot : public SlotCap {
 public:
  Cgroup2Slot(std::string slot, const std::vector<ControlFile>* above)
      : slot_(std::move(slot)), run_(slot_ + "/run"), above_(above) {}

  ~Cgroup2Slot() override {
    for (int i = 0; i < 50 && !KillAll(); ++i) usleep(2000);
    RemoveCgroup(run_);
    // What root made, root removes.
    rmdir(slot_.c_str());
  }

  // Of a slot that root has prepared.
  void TakeLimit(UniqueFd limit) {
    limit_.Take(std::move(limit), slot_, "memory.max");
  }

  absl::Status Open() {
    absl::Status status;
    if (!limit_.valid()) status = Prepare();
    if (status.ok()) status = events_.Open(slot_, "memory.events", O_RDONLY);
    if (status.ok()) status = current_.Open(slot_, "memory.current", O_RDONLY);
    if (status.ok()) status = stat_.Open(slot_, "memory.stat", O_RDONLY);
    if (status.ok()) status = populated_.Open(slot_, "cgroup.events", O_RDONLY);
    // Before Linux 5.14: processes are killed one by one.
    (void)kill_.Open(slot_, "cgroup.kill", O_WRONLY);
    if (status.ok()) status = MakeRun();
    return status;
  }

  // That both the limit and the way in are what they seem.
  absl::Status Check() {
    absl::Status status = Arm(64 * kMiB);
    if (!status.ok()) return status;
    ControlFile limit;
    status = limit.Open(slot_, "memory.max", O_RDONLY);
    if (!status.ok()) return status;
    if (limit.ReadNumber() != 64 * kMiB) {
      return absl::InternalError(absl::StrCat(slot_, " takes no limit"));
    }
    absl::StatusOr<std::string> line = CheckEntry(entry_.fd(), run_);
    if (!line.ok()) return line.status();
    memory_line_ = *std::move(line);
    return absl::OkStatus();
  }

  absl::Status Arm(uint64_t cap_bytes) override {
    charges_ = {};
    uint64_t files = LeftBehind();
    MakeRoomFor(cap_bytes, files);
    absl::Status status = ForgetPeak();
    if (status.ok()) status = limit_.Write(absl::StrCat(files + cap_bytes));
    if (status.ok()) status = Show(files + cap_bytes + kSeenAboveLimit);
    cap_ = cap_bytes;
    // Of what `run` was charged before; it may be new.
    uint64_t before = run_current_.ReadNumber();
    charges_.files = std::min(files, before);
    charges_.cache_before = before - charges_.files;
    char buffer[512];
    absl::string_view events = events_.Read(buffer, sizeof buffer);
    full_ = KeyedNumber(events, "max");
    ooms_ = KeyedNumber(events, "oom");
    kills_ = KeyedNumber(events, "oom_kill");
    ooms_above_ = OomsAbove();
    witness_.Forget();
    return status;
  }

  std::string directory() const override { return run_; }
  int entry_fd() const override { return entry_.fd(); }
  int entry_directory_fd() const override { return run_fd_.get(); }

  int event_fd() const override { return events_.fd(); }
  uint32_t event() const override { return EPOLLPRI; }

  void Started(pid_t leader) override { witness_.Started(leader); }
  bool Holds(pid_t leader) const override {
    return IsInCgroup(leader, memory_line_);
  }

  // The kernel kills by itself: this only looks who it is. There is an event,
  // too, when the cap is reached and room can be made.
  bool OverCap() override {
    char buffer[512];
    absl::string_view events = events_.Read(buffer, sizeof buffer);
    bool killed = KeyedNumber(events, "oom") != ooms_ ||
                  KeyedNumber(events, "oom_kill") != kills_;
    Instant now = MonotonicNow();
    if (!killed && now - looked_ < kBetweenSamples) return false;
    looked_ = now;
    witness_.Look(run_, killed);
    return false;
  }

  // The event may be still to come, and the others on their way out. That the
  // leader was killed tells nothing, as all are; its size does.
  void LeaderEnded(const ExitStatus& exit, uint64_t peak_bytes) override {
    if (exit.signal != SIGKILL || witness_.we_killed_leader()) return;
    (void)OverCap();
    if (IsLarge(peak_bytes)) witness_.LeaderKilled();
  }

  void Sample() override {
    if (IsLarge(current_.ReadNumber())) witness_.Look(run_, false);
  }

  std::optional<Victim> victim() override { return witness_.victim(); }

  bool KillAll() override {
    witness_.WeKill();
    if (populated_.ReadNumber("populated") == 0) return true;
    if (!kill_.valid() || !kill_.Write("1").ok()) KillListed(run_);
    return populated_.ReadNumber("populated") == 0;
  }

  CapVerdict Verdict() override {
    char buffer[512];
    absl::string_view events = events_.Read(buffer, sizeof buffer);
    if (KeyedNumber(events, "oom_kill") == kills_) return CapVerdict::kWithin;
    if (KeyedNumber(events, "oom") != ooms_) return CapVerdict::kOwnCap;
    return OomsAbove() != ooms_above_ ? CapVerdict::kNodeBudget
                                      : CapVerdict::kHost;
  }

  uint64_t peak_bytes() override {
    charges_.peak = peak_.ReadNumber();
    uint64_t now = run_current_.ReadNumber();
    charges_.cache_after = now - std::min(now, charges_.files);
    charges_.was_full = events_.ReadNumber("max") != full_;
    // The kernel has counted a charge in `run` before the slot refuses it.
    return std::min(OwnPeak(charges_), cap_);
  }

  void RemoveFiles(absl::Time since, absl::Duration patience) override {
    RemoveLeftFiles(kSharedMemory, since, run_, patience);
  }

  // In the slot: what a removed `run` was charged stays charged to it.
  uint64_t LeftBehind() override {
    if (current_.ReadNumber() <= kLeftBehindWorthCounting) return 0;
    char buffer[4096];
    uint64_t files = KeyedNumber(stat_.Read(buffer, sizeof buffer), "shmem");
    return files > kLeftBehindWorthCounting ? files : 0;
  }

 private:
  // Alone on a machine nobody has made the slot.
  absl::Status Prepare() {
    absl::Status status = MakeDirectory(slot_);
    if (status.ok()) status = limit_.Open(slot_, "memory.max", O_WRONLY);
    if (status.ok()) status = WriteFile(slot_, "memory.oom.group", "1");
    if (status.ok()) {
      status = WriteFile(slot_, "cgroup.subtree_control", "+memory");
    }
    // Where swap is not accounted there is no such file.
    (void)WriteFile(slot_, "memory.swap.max", "0");
    return status;
  }

  absl::Status MakeRun() {
    absl::Status status = MakeDirectory(run_);
    if (status.ok()) status = entry_.Open(run_, "cgroup.procs", O_WRONLY);
    run_fd_.reset(open(run_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // Written to, where that resets it.
    if (status.ok() && !peak_.Open(run_, "memory.peak", O_RDWR).ok()) {
      (void)peak_.Open(run_, "memory.peak", O_RDONLY);
    }
    if (!status.ok()) return status;
    return run_current_.Open(run_, "memory.current", O_RDONLY);
  }

  // The kernel gives up what was used longest ago, also of removed ones; nobody
  // is there to be killed.
  void MakeRoomFor(uint64_t cap_bytes, uint64_t files) {
    uint64_t keep = CacheToKeep(cap_bytes);
    if (removed_ >= kMostRemoved) {
      removed_ = 0;
      keep = kMiB;
    }
    if (current_.ReadNumber() <= files + keep) return;
    (void)limit_.Write(absl::StrCat(files + keep));
  }

  absl::Status Show(uint64_t limit) {
    if (limit == shown_) return absl::OkStatus();
    shown_ = limit;
    return WriteFile(run_, "memory.max", absl::StrCat(limit));
  }

  absl::Status ForgetPeak() {
    if (!peak_.valid() || peak_.Write("0").ok() ||
        peak_.ReadNumber() <= kPeakNotWorthForgetting) {
      return absl::OkStatus();
    }
    if (!RemoveCgroup(run_)) return ErrnoStatus("remove", run_, errno);
    ++removed_;
    shown_ = 0;
    return MakeRun();
  }

  bool IsLarge(uint64_t bytes) const { return bytes >= cap_ / 4 * 3; }

  uint64_t OomsAbove() const {
    uint64_t sum = 0;
    for (const ControlFile& events : *above_) sum += events.ReadNumber("oom");
    return sum;
  }

  std::string slot_, run_;
  const std::vector<ControlFile>* above_;
  // Of the slot:
  ControlFile limit_, current_, stat_, events_, populated_, kill_;
  ControlFile entry_, peak_, run_current_;  // of run
  uint64_t cap_ = UINT64_MAX;
  SlotCharges charges_;
  int removed_ = 0;     // since caches were dropped
  uint64_t shown_ = 0;  // the limit of run
  uint64_t full_ = 0, ooms_ = 0, kills_ = 0, ooms_above_ = 0;
  UniqueFd run_fd_;
  std::string memory_line_;  // of who is in it
  Witness witness_{true};
  Instant looked_ = -absl::InfiniteDuration();
};

}  // namespace

bool Cgroup2Caps::IsFor(const std::string& directory) {
  struct statfs file_system;
  return statfs(directory.c_str(), &file_system) == 0 &&
         file_system.f_type == CGROUP2_SUPER_MAGIC;
}

Cgroup2Caps::Cgroup2Caps(std::string directory, std::vector<UniqueFd> limits)
    : directory_(std::move(directory)), limits_(std::move(limits)) {
  // Up to the root, which has no limit and no such file.
  for (std::string path = directory_;; path.resize(path.rfind('/'))) {
    ControlFile events;
    if (!events.Open(path, "memory.events.local", O_RDONLY).ok()) break;
    above_.push_back(std::move(events));
  }
}

absl::StatusOr<std::unique_ptr<Cgroup2Caps>> Cgroup2Caps::Create(
    std::string directory, std::vector<UniqueFd> limits) {
  if (!IsFor(directory)) {
    return absl::FailedPreconditionError(
        absl::StrCat(directory, " is not in a cgroup2 file system"));
  }
  std::unique_ptr<Cgroup2Caps> caps(
      new Cgroup2Caps(std::move(directory), std::move(limits)));
  absl::StatusOr<std::unique_ptr<SlotCap>> trial = caps->MakeSlot(0);
  if (!trial.ok()) return trial.status();
  return caps;
}

absl::StatusOr<std::unique_ptr<SlotCap>> Cgroup2Caps::MakeSlot(uint32_t slot) {
  auto cap = std::make_unique<Cgroup2Slot>(
      absl::StrCat(directory_, "/slot_", slot), &above_);
  if (slot < limits_.size()) {
    int copy = fcntl(limits_[slot].get(), F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return ErrnoStatus("duplicate limit of", directory_, errno);
    cap->TakeLimit(UniqueFd(copy));
  }
  absl::Status status = cap->Open();
  if (status.ok()) status = cap->Check();
  if (!status.ok()) return status;
  return std::unique_ptr<SlotCap>(std::move(cap));
}

}  // namespace cram
