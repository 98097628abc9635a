// How much memory processes have taken, by /proc.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include <algorithm>

#include "absl/strings/string_view.h"

namespace cram {

// Pages of files are not a process's own: they can be dropped. Those of a tmpfs
// are, and the kernel calls them shared. What was swapped out was taken, too.
struct Resident {
  uint64_t anonymous = 0;
  uint64_t shared = 0;

  void operator+=(const Resident& other) {
    anonymous += other.anonymous;
    shared += other.shared;
  }
  // Together with files in memory: what is mapped of these is shared.
  uint64_t With(uint64_t files) const {
    return anonymous + std::max(shared, files);
  }
};

// Of one process. What it has together with others is in each one's.
Resident ResidentOf(pid_t pid);

// The same, with its share of what it has together with others; exact, but the
// kernel walks all of the process's memory for it. Where it does not, as
// ResidentOf.
Resident ProportionOf(pid_t pid);

// By the lines of /proc/<pid>/status or /proc/<pid>/smaps_rollup, proc(5).
// Pure; what is malformed or not there is 0.
Resident ParseResident(absl::string_view lines);

}  // namespace cram
