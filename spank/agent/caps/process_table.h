// Which processes belong to which sub-job, where no cgroup says so.
#pragma once

#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "pack/base/clock.h"

namespace cram {

// A process belongs to a leader when it is in the leader's session, or its
// parent belonged to it when it was first seen, or when it carries the leader's
// mark: one that forks away leaves the others, whatever it meant by it.
// Scans /proc; a process that is not ours costs one read when it appears.
class ProcessTable {
 public:
  // The mark of a slot is a hard limit: RLIMIT_RTTIME, in microseconds, which
  // concerns real-time scheduling alone and is so high that nobody reaches it.
  // All descendants inherit it, whatever they exec; only who sets out to lowers
  // it. That of another agent, or of one that runs in a sub-job, is another.
  // slot: below a million.
  static rlimit MarkOf(uint32_t slot);

  // `mark` is carried by processes of this leader only.
  void AddLeader(pid_t leader, const rlimit& mark);
  void RemoveLeader(pid_t leader);

  // Whether it is certain, without a look at /proc, that a leader that was
  // reaped has left nobody behind: its process group is empty, and this thread
  // has no child. Leaders are children of other threads; what they leave is
  // inherited by the process's first one, which is to call this. What a leader
  // has made a child of the thread that started it is not seen: that thread
  // looks for it (see foreign_children.h in the runner).
  static bool NoneLeft(pid_t leader);

  // Looks at /proc again unless that was done less than `max_age` ago.
  void Refresh(absl::Duration max_age);

  // Living processes of the leader, as of the last Refresh.
  std::vector<pid_t> Members(pid_t leader) const;

  // Whether it has not a copy of its parent's memory but that itself, as after
  // vfork(2) or posix_spawn(3) until it execs. No, where the kernel does not
  // tell: kcmp(2).
  bool HasMemoryOfParent(pid_t member) const;

 private:
  struct Owner {
    pid_t leader = 0;  // 0: nobody
    Instant seen;      // for the first time
    pid_t parent = 0;  // then
  };
  Owner Classify(pid_t pid, Instant now) const;

  std::unordered_map<pid_t, rlim_t> leaders_;  // to mark
  std::unordered_map<pid_t, Owner> owner_;
  Instant refreshed_ = -absl::InfiniteDuration();
};

// Fields of /proc/<pid>/stat, proc(5). Pure. Nothing when malformed or dead.
struct ProcessStat {
  pid_t parent = 0;
  pid_t session = 0;
  char state = '?';
  bool exiting = false;       // it has ended, and is not yet gone
  uint64_t minor_faults = 0;  // how often it asked for a page
};
std::optional<ProcessStat> ParseProcessStat(absl::string_view stat);

// Living processes whose parent is `parent`.
std::vector<pid_t> ChildrenOf(pid_t parent);

}  // namespace cram
