#include "spank/agent/caps/watchdog.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <initializer_list>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "pack/base/io.h"
#include "pack/base/size.h"

namespace cram {
namespace {

constexpr double kFastestBytesPerSecond = 4.0 * kGiB;
constexpr absl::Duration kSoonest = absl::Milliseconds(2);
constexpr absl::Duration kLatest = absl::Milliseconds(100);
// New processes are looked for no more often than this.
constexpr absl::Duration kScanInterval = absl::Milliseconds(20);
constexpr int kMeasurements = 3;

// The sum of the lines "NAME: <number> kB" of a file of /proc; 0 when it
// cannot be read.
uint64_t SumOfLines(const std::string& path,
                    std::initializer_list<absl::string_view> names) {
  uint64_t sum = 0;
  absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return 0;
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    for (absl::string_view name : names) {
      if (!absl::StartsWith(line, name)) continue;
      std::vector<absl::string_view> words =
          absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
      uint64_t kib;
      if (words.size() >= 2 && absl::SimpleAtoi(words[1], &kib)) {
        sum += kib * kKiB;
      }
    }
  }
  return sum;
}

// File pages are not the sub-job's own: they can be dropped.
uint64_t ResidentBytes(pid_t pid) {
  return SumOfLines(absl::StrCat("/proc/", pid, "/status"),
                    {"RssAnon:", "RssShmem:"});
}

// Its share of pages that it has together with others; exact, but the kernel
// walks all of the process's memory for it.
uint64_t ProportionalBytes(pid_t pid) {
  uint64_t bytes = SumOfLines(absl::StrCat("/proc/", pid, "/smaps_rollup"),
                              {"Pss_Anon:", "Pss_Shmem:"});
  return bytes != 0 ? bytes : ResidentBytes(pid);
}

class WatchdogSlot : public SlotCap {
 public:
  WatchdogSlot(uint32_t slot, ProcessTable* processes, OomKills* kills,
               IdleFiles* files)
      : slot_(slot), processes_(processes), kills_(kills), files_(files) {}

  ~WatchdogSlot() override { Forget(); }

  absl::Status Arm(uint64_t cap_bytes) override {
    Forget();
    cap_ = cap_bytes;
    peak_ = 0;
    verdict_ = CapVerdict::kWithin;
    victim_.reset();
    kills_before_ = kills_->OnHostLately();
    look_again_ = NextLook(0, cap_);
    return absl::OkStatus();
  }

  void Started(pid_t leader) override {
    leader_ = leader;
    processes_->AddLeader(leader, absl::StrCat("CRAM_SLOT=", slot_));
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

  // Of the node: whose they are is not known.
  uint64_t LeftBehind() override {
    uint64_t bytes = files_->BytesFor(slot_);
    return bytes > kLeftBehindWorthCounting ? bytes : 0;
  }

 private:
  bool over() const { return verdict_ != CapVerdict::kWithin; }

  uint64_t Used(const std::vector<pid_t>& members) const {
    uint64_t sum = 0, largest = 0;
    for (pid_t pid : members) {
      uint64_t bytes = ResidentBytes(pid);
      sum += bytes;
      largest = std::max(largest, bytes);
    }
    if (largest > cap_) return sum;
    // A process that ends while others are still to be measured leaves them
    // its shares, which were counted already: what is over the cap is so each
    // time.
    for (int i = 0; i < kMeasurements && sum > cap_; ++i) {
      sum = 0;
      for (pid_t pid : members) sum += ProportionalBytes(pid);
    }
    return sum;
  }

  void Forget() {
    if (leader_ != 0) processes_->RemoveLeader(leader_);
    leader_ = 0;
  }

  uint32_t slot_;
  ProcessTable* processes_;
  OomKills* kills_;
  IdleFiles* files_;
  pid_t leader_ = 0;
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
  return std::unique_ptr<SlotCap>(
      std::make_unique<WatchdogSlot>(slot, &processes_, &kills_, &files_));
}

}  // namespace cram
