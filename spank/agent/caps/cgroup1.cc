#include "spank/agent/caps/cgroup1.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pack/base/fd.h"
#include "pack/base/io.h"
#include "pack/base/size.h"
#include "spank/agent/caps/control_file.h"
#include "spank/agent/caps/kept_cache.h"
#include "spank/agent/caps/left_files.h"
#include "spank/agent/caps/process_table.h"
#include "spank/agent/caps/witness.h"

namespace cram {
namespace {

// The kernel says that a cgroup ran out before it kills and counts: so often,
// and in this distance, the counter is looked at after that.
constexpr int kLooksAfterEvent = 50;
constexpr absl::Duration kBetweenLooks = absl::Milliseconds(1);

// The descriptors of a leaf that are inherited, the last only where the kernel
// accounts swap.
constexpr const char* kFiles[] = {"tasks", "memory.limit_in_bytes",
                                  "memory.max_usage_in_bytes",
                                  "memory.memsw.limit_in_bytes"};

bool HasSwap(const std::string& leaf) {
  return access(absl::StrCat(leaf, "/", kFiles[3]).c_str(), F_OK) == 0;
}

class Cgroup1Slot : public SlotCap {
 public:
  explicit Cgroup1Slot(std::string leaf) : leaf_(std::move(leaf)) {}

  ~Cgroup1Slot() override {
    for (int i = 0; i < 50 && !KillListed(leaf_); ++i) usleep(2000);
    // What root made, root removes.
    if (!is_ours_alone_) RemoveCgroup(leaf_);
  }

  // Takes what others have opened from `inherited` on; nullptr: opens all.
  absl::Status Open(const UniqueFd* inherited) {
    absl::Status status;
    auto open = [&](ControlFile* file, const char* name, int flags) {
      if (!status.ok()) return;
      status = inherited == nullptr ? file->Open(leaf_, name, flags)
                                    : TakeCopy(*inherited++, file, name);
    };
    open(&entry_, kFiles[0], O_WRONLY);
    open(&limit_, kFiles[1], O_WRONLY);
    open(&peak_, kFiles[2], O_RDWR);
    has_swap_ = HasSwap(leaf_);
    if (has_swap_) open(&swap_, kFiles[3], O_WRONLY);
    is_ours_alone_ = inherited != nullptr;
    if (status.ok()) status = oom_.Open(leaf_, "memory.oom_control", O_RDONLY);
    if (status.ok()) {
      status = usage_.Open(leaf_, "memory.usage_in_bytes", O_RDONLY);
    }
    if (status.ok()) status = stat_.Open(leaf_, "memory.stat", O_RDONLY);
    return status.ok() ? RegisterOomEvent() : status;
  }

  // That both the limit and the way in are what they seem.
  absl::Status Check() {
    absl::Status status = Arm(64 * kMiB);
    if (!status.ok()) return status;
    ControlFile limit;
    status = limit.Open(leaf_, "memory.limit_in_bytes", O_RDONLY);
    if (!status.ok()) return status;
    if (limit.ReadNumber() != 64 * kMiB) {
      return absl::InternalError(absl::StrCat(leaf_, " takes no limit"));
    }
    absl::StatusOr<std::string> line = CheckEntry(entry_.fd(), leaf_);
    if (!line.ok()) return line.status();
    memory_line_ = *std::move(line);
    return absl::OkStatus();
  }

  absl::Status Arm(uint64_t cap_bytes) override {
    charges_ = {};
    charges_.files = LeftBehind();
    if (last_peak_ > kLeftBehindWorthCounting) MakeRoomFor(cap_bytes);
    absl::Status status = Limit(charges_.files + cap_bytes);
    if (status.ok()) status = peak_.Write("0");
    (void)TakeOomEvents();
    oom_kills_before_ = OomKills();
    verdict_ = CapVerdict::kWithin;
    witness_.Forget();
    saw_event_ = false;
    looks_left_ = 0;
    return status;
  }

  std::string directory() const override { return leaf_; }
  void Started(pid_t leader) override {
    leader_ = leader;
    last_peak_ = UINT64_MAX;
    witness_.Started(leader);
  }
  bool Holds(pid_t leader) const override {
    return IsInCgroup(leader, memory_line_);
  }

  void LeaderEnded(const ExitStatus& exit, uint64_t) override {
    if (exit.signal != SIGKILL || witness_.we_killed_leader()) return;
    Look();
    witness_.LeaderKilled();
  }

  void Sample() override {
    if (usage_.ReadNumber() >= limit_bytes_ / 4 * 3) {
      witness_.Look(leaf_, false);
    }
  }

  int entry_fd() const override { return entry_.fd(); }
  int event_fd() const override { return event_.get(); }

  bool OverCap() override {
    if (looks_left_ > 0) --looks_left_;
    Look();
    return verdict_ != CapVerdict::kWithin;
  }

  absl::Duration look_again() const override {
    return looks_left_ > 0 ? kBetweenLooks : absl::InfiniteDuration();
  }

  bool KillAll() override {
    witness_.WeKill();
    return ProcessTable::NoneLeft(leader_) || KillListed(leaf_);
  }

  CapVerdict Verdict() override {
    Look();
    return verdict_;
  }

  std::optional<Victim> victim() override { return witness_.victim(); }

  uint64_t peak_bytes() override {
    last_peak_ = charges_.peak = peak_.ReadNumber();
    if (charges_.cache_before > 0) {
      charges_.cache_after = CacheBeside(charges_.files);
      charges_.was_full = WasFull(last_peak_);
    }
    return OwnPeak(charges_);
  }

  void RemoveFiles(absl::Time since, absl::Duration patience) override {
    RemoveLeftFiles(kSharedMemory, since, leaf_, patience);
  }

  uint64_t LeftBehind() override {
    if (last_peak_ <= kLeftBehindWorthCounting) return 0;
    char buffer[4096];
    absl::string_view stat = stat_.Read(buffer, sizeof buffer);
    // An old kernel does not tell the one from the other.
    if (!absl::StrContains(stat, "\nshmem ")) {
      DropPageCache();
      last_peak_ = usage_.ReadNumber();
      return last_peak_ > kLeftBehindWorthCounting ? last_peak_ : 0;
    }
    uint64_t files = KeyedNumber(stat, "shmem");
    return files > kLeftBehindWorthCounting ? files : 0;
  }

 private:
  absl::Status TakeCopy(const UniqueFd& inherited, ControlFile* file,
                        const char* name) {
    UniqueFd copy(fcntl(inherited.get(), F_DUPFD_CLOEXEC, 0));
    if (!copy.valid()) return ErrnoStatus("duplicate", leaf_, errno);
    file->Take(std::move(copy), leaf_, name);
    return absl::OkStatus();
  }

  absl::Status RegisterOomEvent() {
    event_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!event_.valid()) return ErrnoStatus("eventfd", "", errno);
    ControlFile control;
    absl::Status status = control.Open(leaf_, "cgroup.event_control", O_WRONLY);
    if (!status.ok()) return status;
    return control.Write(absl::StrCat(event_.get(), " ", oom_.fd()));
  }

  absl::Status Limit(uint64_t bytes) {
    // Who else could have changed it would have to be root.
    if (is_ours_alone_ && bytes == limit_bytes_) return absl::OkStatus();
    limit_bytes_ = UINT64_MAX;
    absl::Status status = SetLimit(bytes);
    if (!status.ok()) {
      // A cap below what is still charged is refused with EBUSY.
      DropPageCache();
      status = SetLimit(bytes);
    }
    if (status.ok()) limit_bytes_ = bytes;
    return status;
  }

  uint64_t CacheBeside(uint64_t files) const {
    uint64_t used = usage_.ReadNumber();
    return used - std::min(used, files);
  }

  // The kernel gives up what was used longest ago.
  void MakeRoomFor(uint64_t cap_bytes) {
    uint64_t keep = CacheToKeep(cap_bytes);
    charges_.cache_before = CacheBeside(charges_.files);
    if (charges_.cache_before <= keep) return;
    limit_bytes_ = UINT64_MAX;
    if (!SetLimit(charges_.files + keep).ok()) DropPageCache();
    charges_.cache_before = CacheBeside(charges_.files);
  }

  // The memory limit may never exceed the one of memory and swap together:
  // when growing the latter goes first, when shrinking the former.
  absl::Status SetLimit(uint64_t cap_bytes) {
    std::string text = absl::StrCat(cap_bytes);
    if (!has_swap_) return limit_.Write(text);
    if (limit_.Write(text).ok()) return swap_.Write(text);
    absl::Status status = swap_.Write(text);
    return status.ok() ? limit_.Write(text) : status;
  }

  void DropPageCache() {
    ControlFile force;
    if (force.Open(leaf_, "memory.force_empty", O_WRONLY).ok()) {
      (void)force.Write("0");
    }
  }

  bool TakeOomEvents() {
    uint64_t count;
    return read(event_.get(), &count, sizeof count) == sizeof count;
  }

  uint64_t OomKills() const { return oom_.ReadNumber("oom_kill"); }

  bool WasFull(uint64_t peak) const {
    static const uint64_t at_once = 8 * sysconf(_SC_PAGESIZE);
    return peak + at_once >= limit_bytes_;
  }

  // The event does not say which cgroup ran out, and comes to all below that
  // one: only what was killed in ours concerns us.
  void Look() {
    if (TakeOomEvents()) {
      saw_event_ = true;
      looks_left_ = kLooksAfterEvent;
    }
    if (verdict_ != CapVerdict::kWithin) return;
    bool killed = OomKills() > oom_kills_before_;
    if (!killed && !saw_event_) return;
    bool was_full = WasFull(peak_.ReadNumber());
    if (killed || was_full) witness_.Look(leaf_, killed);
    if (!killed) return;
    verdict_ = JudgeKill(was_full, saw_event_);
  }

  std::string leaf_;
  ControlFile entry_, limit_, swap_, peak_, usage_, stat_, oom_;
  UniqueFd event_;
  bool has_swap_ = false;
  bool is_ours_alone_ = false;  // the limit
  SlotCharges charges_;
  uint64_t last_peak_ = UINT64_MAX;  // UINT64_MAX: to be asked for
  uint64_t limit_bytes_ = UINT64_MAX;
  uint64_t oom_kills_before_ = 0;
  CapVerdict verdict_ = CapVerdict::kWithin;
  std::string memory_line_;  // of who is in it
  pid_t leader_ = 0;
  Witness witness_{false};
  bool saw_event_ = false;
  int looks_left_ = 0;
};

}  // namespace

CapVerdict JudgeKill(bool was_full, bool saw_event) {
  if (was_full) return CapVerdict::kOwnCap;
  return saw_event ? CapVerdict::kNodeBudget : CapVerdict::kHost;
}

absl::StatusOr<std::unique_ptr<Cgroup1Caps>> Cgroup1Caps::Create(
    std::string directory, std::vector<UniqueFd> files) {
  std::unique_ptr<Cgroup1Caps> caps(
      new Cgroup1Caps(std::move(directory), std::move(files)));
  absl::StatusOr<std::unique_ptr<SlotCap>> trial = caps->MakeSlot(0);
  if (!trial.ok()) return trial.status();
  return caps;
}

absl::StatusOr<std::unique_ptr<SlotCap>> Cgroup1Caps::MakeSlot(uint32_t slot) {
  std::string leaf = absl::StrCat(directory_, "/slot_", slot);
  if (mkdir(leaf.c_str(), 0755) != 0 && errno != EEXIST) {
    return ErrnoStatus("mkdir", leaf, errno);
  }
  size_t each = HasSwap(leaf) ? 4 : 3;
  bool has_files = (slot + size_t{1}) * each <= files_.size();
  auto cap = std::make_unique<Cgroup1Slot>(leaf);
  absl::Status status = cap->Open(has_files ? &files_[slot * each] : nullptr);
  if (status.ok()) status = cap->Check();
  if (!status.ok()) return status;
  return std::unique_ptr<SlotCap>(std::move(cap));
}

}  // namespace cram
