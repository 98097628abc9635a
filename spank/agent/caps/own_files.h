// Memory of the files in a directory that is a sub-job's own.
#pragma once

#include <stdint.h>

#include <string>

#include "absl/time/time.h"
#include "pack/base/clock.h"

namespace cram {

// On a diskless node TMPDIR is in a tmpfs: without a cgroup nobody else counts
// what a sub-job fills there. All that is below the directory counts, whoever
// has it open, and nothing elsewhere; what was removed and is still open, is
// for nameless_files.h.
class OwnFiles {
 public:
  // Of an attempt that begins. Costs a statfs(2): on a disk nothing is counted.
  void Begin(const std::string& directory);

  // Whether the path is below the directory.
  bool Has(const std::string& path) const;

  // Counting takes no more than a twentieth of the time: Bytes may be as old as
  // that, BytesNow is not. Looks at 10,000 files at most.
  uint64_t Bytes();
  uint64_t BytesNow();

 private:
  std::string directory_;  // empty: not in a tmpfs
  Instant next_count_;
  uint64_t bytes_ = 0;
};

}  // namespace cram
