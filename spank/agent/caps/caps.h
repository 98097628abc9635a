// What enforces the memory caps of sub-jobs: one interface, and behind it
// whatever this node has.
#pragma once

#include <stdint.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "pack/base/exit_status.h"
#include "pack/base/size.h"
#include "spank/agent/caps/victim.h"

namespace cram {

// Why the memory of an attempt made an end of it, if it did.
enum class CapVerdict {
  kWithin,      // it did not
  kOwnCap,      // it passed its own cap
  kNodeBudget,  // killed at a limit above it, while within its cap
  kHost,        // the same, and the limit was the machine's
};

// Below this, what an attempt leaves in memory harms no one.
constexpr uint64_t kLeftBehindWorthCounting = 8 * kMiB;

// The cap of one slot, used for one attempt after the other:
//   Arm, BeginDirectory, [child enters through entry_fd], Started, ... the
//   leader is reaped, LeaderEnded, KillAll until it is true, Verdict, victim
//   and peak_bytes, RemoveFiles, LeftBehind.
// Every process of the attempt is in it, however it was forked.
//
// Files of a tmpfs (/dev/shm) are memory and count to the cap of the attempt
// that wrote them; but they outlive its processes where left_files.h does not
// remove them. Who comes next must not be blamed for them: its cap and its peak
// are counted from what is there when it is armed.
class SlotCap {
 public:
  virtual ~SlotCap() = default;

  // Sets the cap of the next attempt and forgets the last one.
  virtual absl::Status Arm(uint64_t cap_bytes) = 0;

  // Of the attempt's own: files in it are its memory where that is a tmpfs. The
  // kernel charges them to a memory cgroup.
  virtual void BeginDirectory(const std::string& /*directory*/) {}

  // Of its memory cgroup; empty: it has none.
  virtual std::string directory() const { return ""; }

  // Descriptor to which the child writes "0" before exec; -1: nothing to do.
  virtual int entry_fd() const { return -1; }
  // Of a cgroup2's directory, in which it may be started instead; -1: none.
  virtual int entry_directory_fd() const { return -1; }

  // What the child sets as its RLIMIT_RTTIME before exec, by which its
  // processes are known later; nullptr: nothing to set.
  virtual const rlimit* mark() const { return nullptr; }

  virtual void Started(pid_t /*leader*/) {}

  // Whether the kernel holds the leader to the cap. The answer to its entry
  // said so before it exec'd; this asks after. True of one that has ended.
  virtual bool Holds(pid_t /*leader*/) const { return true; }

  // How the leader ended by itself: not called when we ended it. When by a
  // signal, also the most that it, or one that it waited for, had resident; 0:
  // not known.
  virtual void LeaderEnded(const ExitStatus& /*exit*/,
                           uint64_t /*peak_bytes*/) {}

  // Now and then, while it runs: remembers who is the largest, should it be
  // killed too fast to be seen.
  virtual void Sample() {}

  // Has an event when the cap may have been passed: call OverCap() then. -1:
  // none. Which one, see epoll(7).
  virtual int event_fd() const { return -1; }
  virtual uint32_t event() const { return EPOLLIN; }

  // Whether the attempt has to be killed now. Clears event_fd.
  virtual bool OverCap() = 0;

  // How soon to call OverCap() again although event_fd is silent.
  virtual absl::Duration look_again() const { return absl::InfiniteDuration(); }

  // Sends SIGKILL to every process of the attempt. True when none is left.
  virtual bool KillAll() = 0;

  virtual CapVerdict Verdict() = 0;
  // Who had to go, when the verdict is that somebody had; nothing when that is
  // not known for sure.
  virtual std::optional<Victim> victim() { return std::nullopt; }
  virtual uint64_t peak_bytes() = 0;  // 0: not known

  // Removes from /dev/shm what the attempt has left, see left_files.h; what is
  // not judged after `patience` stays. `since`: when it began. After KillAll.
  virtual void RemoveFiles(absl::Time /*since*/, absl::Duration /*patience*/) {}

  // Memory that ended attempts of this slot fill for as long as nobody removes
  // their files; caches are no part of it, as they give way (kept_cache.h).
  // Only between KillAll and Arm, after peak_bytes. The caller keeps it out of
  // what others may claim; Arm calls it and sets the limit to it and the cap
  // together. Up to kLeftBehindWorthCounting it is 0, and so is what is not
  // known.
  virtual uint64_t LeftBehind() { return 0; }
};

// What this node has. Outlives its slots.
class Caps {
 public:
  virtual ~Caps() = default;

  // "cgroup/v2", "cgroup/v1", "watchdog": as journal and report show it.
  virtual absl::string_view name() const = 0;

  virtual absl::StatusOr<std::unique_ptr<SlotCap>> MakeSlot(uint32_t slot) = 0;
};

}  // namespace cram
