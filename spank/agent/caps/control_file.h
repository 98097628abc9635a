// The files of a cgroup directory, of either version.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pack/base/fd.h"

namespace cram {

// The number after `key` in lines "key number", as memory.events and
// memory.oom_control have them; 0 when there is none. Pure.
uint64_t KeyedNumber(absl::string_view text, absl::string_view key);

// The process ids in cgroup.procs, one a line, as far as `text` has whole
// lines. Pure.
std::vector<pid_t> ProcessIds(absl::string_view text);

// Opened once, read and written in place: the kernel makes the content anew
// for each read from the beginning.
class ControlFile {
 public:
  absl::Status Open(const std::string& directory, const char* name, int flags);
  // Takes over a descriptor that was opened by somebody else.
  void Take(UniqueFd fd, const std::string& directory, const char* name);

  bool valid() const { return fd_.valid(); }
  int fd() const { return fd_.get(); }

  absl::Status Write(absl::string_view text) const;

  // The content, as far as it fits.
  absl::string_view Read(char* buffer, size_t bytes) const;
  uint64_t ReadNumber() const;                       // 0 when it is none
  uint64_t ReadNumber(absl::string_view key) const;  // as KeyedNumber

 private:
  std::string path_;
  UniqueFd fd_;
};

// SIGKILL to every process that is listed in the directory's cgroup.procs.
// True when there was none.
bool KillListed(const std::string& directory);

// Removes a cgroup and those below it, which must hold no process; the kernel
// lets go of the last one a moment after its exit, so it tries for a while.
// False when it is still there.
bool RemoveCgroup(const std::string& directory);

// The line of /proc/<pid>/cgroup that tells of memory, cgroups(7): that of v1's
// controller where there is one, else that of v2. Pure.
absl::string_view MemoryLine(absl::string_view cgroup);

// Tries with a child of ours that a process which writes "0" to `entry_fd` is
// in the directory's cgroup then, and returns its MemoryLine. A rule that
// forbids it, or files that are not what they look like, would leave every cap
// without effect.
absl::StatusOr<std::string> CheckEntry(int entry_fd,
                                       const std::string& directory);

// Whether the kernel has the process there or below, where a sub-job may have
// made a cgroup2 of its own; also true of one that has ended.
bool IsInCgroup(pid_t pid, absl::string_view memory_line);

}  // namespace cram
