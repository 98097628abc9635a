// Memory of files that have no name, where no cgroup counts it.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include <vector>

#include "absl/time/time.h"
#include "pack/base/clock.h"

namespace cram {

// Files of a tmpfs by memfd_create(2) or O_TMPFILE, and what was removed while
// it was open. One is a sub-job's when it was made since its attempt began, by
// this user (file_id.h), and one of its processes has it open; whoever else has
// it, too. What is only mapped is among the resident memory of who mapped it.
class NamelessFiles {
 public:
  // Of an attempt that begins.
  void Begin(absl::Time since);

  // Of these processes. Counting takes no more than a twentieth of the time:
  // Bytes may be as old as that, BytesNow is not.
  uint64_t Bytes(const std::vector<pid_t>& processes);
  uint64_t BytesNow(const std::vector<pid_t>& processes);

 private:
  absl::Time since_;
  Instant next_count_;
  uint64_t bytes_ = 0;
};

}  // namespace cram
