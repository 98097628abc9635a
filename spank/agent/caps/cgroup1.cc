#include "spank/agent/caps/cgroup1.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "pack/base/fd.h"
#include "pack/base/io.h"
#include "pack/base/size.h"

namespace cram {
namespace {

// Above this, what an attempt left in the page cache is dropped before the
// next one, so that its peak and its room are its own.
constexpr uint64_t kLeftoverWorthDropping = 8 * kMiB;

// Control files are opened once and read or written in place.
class ControlFile {
 public:
  absl::Status Open(const std::string& directory, const char* name, int flags) {
    path_ = absl::StrCat(directory, "/", name);
    absl::StatusOr<UniqueFd> fd = OpenFile(path_, flags);
    if (!fd.ok()) return fd.status();
    fd_ = *std::move(fd);
    return absl::OkStatus();
  }
  int fd() const { return fd_.get(); }

  absl::Status Write(absl::string_view text) const {
    if (pwrite(fd_.get(), text.data(), text.size(), 0) < 0) {
      return ErrnoStatus("write", path_, errno);
    }
    return absl::OkStatus();
  }

  // The content, as far as it fits.
  absl::string_view Read(char* buffer, size_t bytes) const {
    ssize_t n = pread(fd_.get(), buffer, bytes, 0);
    return absl::string_view(buffer, n < 0 ? 0 : n);
  }

  uint64_t ReadNumber() const {
    char buffer[32];
    uint64_t number = 0;
    (void)absl::SimpleAtoi(Read(buffer, sizeof buffer), &number);
    return number;
  }

 private:
  std::string path_;
  UniqueFd fd_;
};

class Cgroup1Slot : public SlotCap {
 public:
  explicit Cgroup1Slot(std::string leaf) : leaf_(std::move(leaf)) {}

  ~Cgroup1Slot() override {
    KillAll();
    // The kernel lets go of a cgroup's last process a moment after its exit.
    for (int i = 0; i < 50 && rmdir(leaf_.c_str()) != 0 && errno == EBUSY;
         ++i) {
      usleep(2000);
      KillAll();
    }
  }

  absl::Status Open() {
    absl::Status status;
    auto open = [&](ControlFile* file, const char* name, int flags) {
      if (status.ok()) status = file->Open(leaf_, name, flags);
    };
    open(&entry_, "cgroup.procs", O_WRONLY);
    open(&limit_, "memory.limit_in_bytes", O_WRONLY);
    open(&peak_, "memory.max_usage_in_bytes", O_RDWR);
    open(&oom_, "memory.oom_control", O_RDONLY);
    if (!status.ok()) return status;
    // Only where the kernel accounts swap.
    has_swap_ = swap_.Open(leaf_, "memory.memsw.limit_in_bytes", O_WRONLY).ok();
    return RegisterOomEvent();
  }

  absl::Status Arm(uint64_t cap_bytes) override {
    if (peak_.ReadNumber() > kLeftoverWorthDropping) DropPageCache();
    absl::Status status = SetLimit(cap_bytes);
    if (!status.ok()) {
      // A cap below what is still charged is refused with EBUSY.
      DropPageCache();
      status = SetLimit(cap_bytes);
    }
    if (status.ok()) status = peak_.Write("0");
    cap_ = cap_bytes;
    (void)TakeOomEvents();
    oom_kills_before_ = OomKills();
    verdict_ = CapVerdict::kWithin;
    return status;
  }

  std::string directory() const override { return leaf_; }
  int entry_fd() const override { return entry_.fd(); }
  int event_fd() const override { return event_.get(); }

  bool OverCap() override {
    if (TakeOomEvents()) Judge();
    return verdict_ != CapVerdict::kWithin;
  }

  bool KillAll() override {
    // Opened anew each time: a descriptor that stays open goes on giving the
    // list of its first read for as long as it is read more than once a second.
    ControlFile procs;
    if (!procs.Open(leaf_, "cgroup.procs", O_RDONLY).ok()) return false;
    char buffer[4096];
    absl::string_view pids = procs.Read(buffer, sizeof buffer);
    bool none = pids.empty();
    // The last one may be cut off.
    pids.remove_suffix(pids.size() - (pids.rfind('\n') + 1));
    for (absl::string_view line :
         absl::StrSplit(pids, '\n', absl::SkipEmpty())) {
      pid_t pid;
      if (absl::SimpleAtoi(line, &pid) && pid > 0) kill(pid, SIGKILL);
    }
    return none;
  }

  CapVerdict Verdict() override {
    if (TakeOomEvents()) Judge();
    return verdict_;
  }

  uint64_t peak_bytes() override { return peak_.ReadNumber(); }

 private:
  absl::Status RegisterOomEvent() {
    event_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!event_.valid()) return ErrnoStatus("eventfd", "", errno);
    ControlFile control;
    absl::Status status = control.Open(leaf_, "cgroup.event_control", O_WRONLY);
    if (!status.ok()) return status;
    return control.Write(absl::StrCat(event_.get(), " ", oom_.fd()));
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

  // The counter of processes that were killed, in memory.oom_control.
  uint64_t OomKills() const {
    char buffer[256];
    for (absl::string_view line :
         absl::StrSplit(oom_.Read(buffer, sizeof buffer), '\n')) {
      uint64_t count;
      if (absl::ConsumePrefix(&line, "oom_kill ") &&
          absl::SimpleAtoi(line, &count)) {
        return count;
      }
    }
    return 0;
  }

  // The event does not say which cgroup ran out. Ours did when all of it was
  // in use (the counters of failed charges stay 0 on recent kernels); one above
  // concerns this attempt only when one of its processes was the victim.
  void Judge() {
    static const uint64_t at_once = 8 * sysconf(_SC_PAGESIZE);
    if (peak_.ReadNumber() + at_once >= cap_) {
      verdict_ = CapVerdict::kOwnCap;
    } else if (OomKills() > oom_kills_before_ &&
               verdict_ == CapVerdict::kWithin) {
      verdict_ = CapVerdict::kNodeBudget;
    }
  }

  std::string leaf_;
  ControlFile entry_, limit_, swap_, peak_, oom_;
  UniqueFd event_;
  bool has_swap_ = false;
  uint64_t cap_ = UINT64_MAX;
  uint64_t oom_kills_before_ = 0;
  CapVerdict verdict_ = CapVerdict::kWithin;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Cgroup1Caps>> Cgroup1Caps::Create(
    std::string directory) {
  std::unique_ptr<Cgroup1Caps> caps(new Cgroup1Caps(std::move(directory)));
  absl::StatusOr<std::unique_ptr<SlotCap>> trial = caps->MakeSlot(0);
  if (!trial.ok()) return trial.status();
  absl::Status status = (*trial)->Arm(64 * kMiB);
  if (!status.ok()) return status;
  return caps;
}

absl::StatusOr<std::unique_ptr<SlotCap>> Cgroup1Caps::MakeSlot(uint32_t slot) {
  std::string leaf = absl::StrCat(directory_, "/slot_", slot);
  if (mkdir(leaf.c_str(), 0755) != 0 && errno != EEXIST) {
    return ErrnoStatus("mkdir", leaf, errno);
  }
  auto cap = std::make_unique<Cgroup1Slot>(leaf);
  absl::Status status = cap->Open();
  if (!status.ok()) return status;
  return std::unique_ptr<SlotCap>(std::move(cap));
}

}  // namespace cram
