#include "spank/agent/caps/watchdog.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "pack/base/clock.h"
#include "pack/base/size.h"
#include "spank/agent/caps/left_files.h"
#include "spank/agent/caps/nameless_files.h"
#include "spank/agent/caps/own_files.h"
#include "spank/agent/caps/resident.h"

namespace cram {
namespace {

constexpr double kFastestBytesPerSecond = 4.0 * kGiB;
constexpr absl::Duration kSoonest = absl::Milliseconds(2);
constexpr absl::Duration kLatest = absl::Milliseconds(100);
// New processes are looked for no more often than this.
constexpr absl::Duration kScanInterval = absl::Milliseconds(20);
// Nor are their files.
constexpr absl::Duration kFilesInterval = absl::Milliseconds(20);
constexpr int kMeasurements = 3;

class WatchdogSlot : public SlotCap {
 public:
  WatchdogSlot(uint32_t slot, ProcessTable* processes, OomKills* kills,
               IdleFiles* idle, SeenFiles* seen)
      : slot_(slot),
        mark_(ProcessTable::MarkOf(slot)),
        processes_(processes),
        kills_(kills),
        idle_(idle),
        seen_(seen) {}

  ~WatchdogSlot() override {
    Forget();
    seen_->Forget(slot_);
  }

  absl::Status Arm(uint64_t cap_bytes) override {
    Forget();
    seen_->Forget(slot_);
    begin_ = absl::Now();
    nameless_.Begin(begin_);
    looked_at_files_ = -absl::InfiniteDuration();
    cap_ = cap_bytes;
    peak_ = 0;
    verdict_ = CapVerdict::kWithin;
    victim_.reset();
    kills_before_ = kills_->OnHostLately();
    look_again_ = NextLook(0, cap_);
    return absl::OkStatus();
  }

  void BeginDirectory(const std::string& directory) override {
    own_.Begin(directory);
  }

  const rlimit* mark() const override { return &mark_; }

  void Started(pid_t leader) override {
    leader_ = leader;
    processes_->AddLeader(leader, mark_);
  }

  // The kernel's counter is of the whole host: it is believed of a sub-job
  // that died of SIGKILL, or whose shell says that its command did, and that
  // nobody of ours killed.
  void LeaderEnded(const ExitStatus& exit, uint64_t) override {
    bool killed = exit.signal == SIGKILL || exit.code == 128 + SIGKILL;
    if (!killed || verdict_ != CapVerdict::kWithin ||
        OomKills::OnHost() <= kills_before_) {
      return;
    }
    verdict_ =
        kills_->LimitReached() ? CapVerdict::kNodeBudget : CapVerdict::kHost;
    if (exit.signal == SIGKILL) victim_ = Victim{leader_, "", 0, true};
  }

  bool OverCap() override {
    if (leader_ == 0 || over()) return over();
    processes_->Refresh(kScanInterval);
    std::vector<pid_t> members = processes_->Members(leader_);
    uint64_t used = Used(members);
    peak_ = std::max(peak_, used);
    look_again_ = NextLook(used, cap_);
    if (used > cap_) {
      verdict_ = CapVerdict::kOwnCap;
      victim_ = FindVictim(members, std::nullopt);
    }
    return over();
  }

  absl::Duration look_again() const override { return look_again_; }

  bool KillAll() override {
    if (leader_ == 0) return true;
    if (processes_->NoneLeft(leader_)) {
      Forget();
      return true;
    }
    processes_->Refresh(absl::ZeroDuration());
    bool none = true;
    for (pid_t pid : processes_->Members(leader_)) {
      if (kill(pid, SIGKILL) == 0) none = false;
    }
    // Its number may be another leader's by the next time.
    if (none) Forget();
    return none;
  }

  CapVerdict Verdict() override { return verdict_; }
  std::optional<Victim> victim() override { return victim_; }

  uint64_t peak_bytes() override { return peak_; }

  void RemoveFiles(absl::Time since, absl::Duration patience) override {
    RemoveLeftFiles(kSharedMemory, since, seen_->Of(slot_), patience);
  }

  // Of the node: whose they are is not known.
  uint64_t LeftBehind() override {
    uint64_t bytes = idle_->BytesFor(slot_);
    return bytes > kLeftBehindWorthCounting ? bytes : 0;
  }

 private:
  bool over() const { return verdict_ != CapVerdict::kWithin; }

  uint64_t Used(const std::vector<pid_t>& members) {
    Resident sum;
    uint64_t largest = 0;
    std::vector<pid_t> with_memory;
    Instant now = MonotonicNow();
    bool look = now - looked_at_files_ >= kFilesInterval;
    if (look) looked_at_files_ = now;
    for (pid_t pid : members) {
      if (processes_->HasMemoryOfParent(pid)) continue;
      with_memory.push_back(pid);
      Resident resident = ResidentOf(pid);
      sum += resident;
      largest = std::max(largest, resident.With(0));
      if (look) seen_->Look(slot_, begin_, pid, resident.shared > 0, own_);
    }
    uint64_t files =
        own_.Bytes() + nameless_.Bytes(members) + seen_->BytesOf(slot_);
    if (largest > cap_) return sum.With(files);
    // A process that ends while others are still to be measured leaves them
    // its shares, which were counted already: what is over the cap is so each
    // time.
    for (int i = 0; i < kMeasurements && sum.With(files) > cap_; ++i) {
      sum = Resident();
      for (pid_t pid : with_memory) sum += ProportionOf(pid);
      files =
          own_.BytesNow() + nameless_.BytesNow(members) + seen_->BytesOf(slot_);
    }
    return sum.With(files);
  }

  void Forget() {
    if (leader_ != 0) processes_->RemoveLeader(leader_);
    leader_ = 0;
  }

  uint32_t slot_;
  rlimit mark_;
  ProcessTable* processes_;
  OomKills* kills_;
  IdleFiles* idle_;
  SeenFiles* seen_;
  OwnFiles own_;
  NamelessFiles nameless_;
  pid_t leader_ = 0;
  absl::Time begin_;
  Instant looked_at_files_;
  uint64_t cap_ = 0;
  uint64_t peak_ = 0;
  uint64_t kills_before_ = 0;
  CapVerdict verdict_ = CapVerdict::kWithin;
  std::optional<Victim> victim_;
  absl::Duration look_again_ = kSoonest;
};

}  // namespace

absl::Duration NextLook(uint64_t used, uint64_t cap) {
  uint64_t room = cap - std::min(cap, used);
  absl::Duration reach =
      absl::Seconds(static_cast<double>(room) / kFastestBytesPerSecond);
  return std::clamp(reach, kSoonest, kLatest);
}

absl::StatusOr<std::unique_ptr<SlotCap>> WatchdogCaps::MakeSlot(uint32_t slot) {
  return std::unique_ptr<SlotCap>(std::make_unique<WatchdogSlot>(
      slot, &processes_, &kills_, &idle_, &seen_));
}

}  // namespace cram
