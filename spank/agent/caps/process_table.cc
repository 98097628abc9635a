#include "spank/agent/caps/process_table.h"

#include <dirent.h>
#include <errno.h>
#include <linux/kcmp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "pack/base/clock.h"
#include "pack/base/io.h"

namespace cram {
namespace {

constexpr pid_t kNobody = 0;
constexpr uint32_t kExiting = 4;  // PF_EXITING in the kernel's sched.h
// A leader may have had children, and they be seen, before we are told that it
// is one: nobody's processes as young as this are looked at again then.
constexpr absl::Duration kToldLate = absl::Seconds(5);

// Limits may be higher than that.
constexpr rlim_t kHighestMark = rlim_t{1} << 62;
constexpr rlim_t kMostSlots = 1 << 20;

// 0: it is not ours to ask.
rlim_t CarriedMark(pid_t pid) {
  rlimit limit;
  return prlimit(pid, RLIMIT_RTTIME, nullptr, &limit) == 0 ? limit.rlim_max : 0;
}

std::optional<ProcessStat> ReadStat(pid_t pid) {
  absl::StatusOr<std::string> text =
      ReadFile(absl::StrCat("/proc/", pid, "/stat"));
  if (!text.ok()) return std::nullopt;
  return ParseProcessStat(*text);
}

std::vector<pid_t> AllProcesses() {
  std::vector<pid_t> pids;
  DIR* proc = opendir("/proc");
  if (proc == nullptr) return pids;
  while (const dirent* entry = readdir(proc)) {
    pid_t pid;
    if (absl::SimpleAtoi(entry->d_name, &pid)) pids.push_back(pid);
  }
  closedir(proc);
  return pids;
}

}  // namespace

std::optional<ProcessStat> ParseProcessStat(absl::string_view stat) {
  // pid (name) state ppid pgrp session tty tpgid flags minflt ...; the name may
  // hold anything.
  size_t paren = stat.rfind(") ");
  if (paren == absl::string_view::npos) return std::nullopt;
  std::vector<absl::string_view> fields =
      absl::StrSplit(stat.substr(paren + 2), ' ');
  ProcessStat parsed;
  if (fields.size() < 4 || fields[0].size() != 1 ||
      !absl::SimpleAtoi(fields[1], &parsed.parent) ||
      !absl::SimpleAtoi(fields[3], &parsed.session)) {
    return std::nullopt;
  }
  uint32_t flags = 0;
  if (fields.size() > 6) (void)absl::SimpleAtoi(fields[6], &flags);
  if (fields.size() > 7) {
    (void)absl::SimpleAtoi(fields[7], &parsed.minor_faults);
  }
  parsed.exiting = (flags & kExiting) != 0;
  parsed.state = fields[0][0];
  if (parsed.state == 'Z' || parsed.state == 'X') return std::nullopt;
  return parsed;
}

rlimit ProcessTable::MarkOf(uint32_t slot) {
  rlim_t below = std::min(kHighestMark, CarriedMark(getpid()));
  rlim_t mark = below - static_cast<rlim_t>(getpid()) * kMostSlots - slot;
  return {mark, mark};
}

void ProcessTable::AddLeader(pid_t leader, const rlimit& mark) {
  leaders_[leader] = mark.rlim_max;
  Instant now = MonotonicNow();
  for (auto it = owner_.begin(); it != owner_.end();) {
    bool again =
        it->second.leader == kNobody && now - it->second.seen < kToldLate;
    it = again ? owner_.erase(it) : std::next(it);
  }
  owner_[leader] = {leader, now};
  refreshed_ = -absl::InfiniteDuration();
}

void ProcessTable::RemoveLeader(pid_t leader) {
  leaders_.erase(leader);
  for (auto it = owner_.begin(); it != owner_.end();) {
    it = it->second.leader == leader ? owner_.erase(it) : std::next(it);
  }
}

bool ProcessTable::NoneLeft(pid_t leader) {
  if (kill(-leader, 0) == 0 || errno != ESRCH) return false;
  siginfo_t child;
  int options = WEXITED | WNOHANG | WNOWAIT | __WNOTHREAD;
  return waitid(P_ALL, 0, &child, options) != 0 && errno == ECHILD;
}

ProcessTable::Owner ProcessTable::Classify(pid_t pid, Instant now) const {
  std::optional<ProcessStat> stat = ReadStat(pid);
  if (!stat) return {kNobody, now};
  if (leaders_.count(stat->session) != 0) {
    return {stat->session, now, stat->parent};
  }
  auto parent = owner_.find(stat->parent);
  if (parent != owner_.end() && parent->second.leader != kNobody) {
    return {parent->second.leader, now, stat->parent};
  }
  rlim_t carried = CarriedMark(pid);
  for (const auto& [leader, mark] : leaders_) {
    if (carried == mark) return {leader, now, stat->parent};
  }
  return {kNobody, now};
}

void ProcessTable::Refresh(absl::Duration max_age) {
  Instant now = MonotonicNow();
  if (now - refreshed_ < max_age) return;
  refreshed_ = now;
  std::unordered_map<pid_t, Owner> seen;
  for (pid_t pid : AllProcesses()) {
    auto known = owner_.find(pid);
    if (known != owner_.end()) {
      seen[pid] = known->second;
    } else {
      // Into owner_ at once: its children follow it in this same pass, as
      // /proc lists processes in ascending order of pid.
      owner_[pid] = seen[pid] = Classify(pid, now);
    }
  }
  owner_ = std::move(seen);
}

std::vector<pid_t> ChildrenOf(pid_t parent) {
  std::vector<pid_t> children;
  for (pid_t pid : AllProcesses()) {
    std::optional<ProcessStat> stat = ReadStat(pid);
    if (stat && stat->parent == parent) children.push_back(pid);
  }
  return children;
}

std::vector<pid_t> ProcessTable::Members(pid_t leader) const {
  std::vector<pid_t> members;
  for (const auto& [pid, owner] : owner_) {
    if (owner.leader == leader) members.push_back(pid);
  }
  return members;
}

bool ProcessTable::HasMemoryOfParent(pid_t member) const {
  auto owner = owner_.find(member);
  return owner != owner_.end() && owner->second.parent != 0 &&
         syscall(SYS_kcmp, member, owner->second.parent, KCMP_VM, 0, 0) == 0;
}

}  // namespace cram
