// Memory of files that nobody uses, where nobody can tell whose they are.
#pragma once

#include <stdint.h>

#include <map>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "pack/base/clock.h"

namespace cram {

// The files of this user in a tmpfs that have changed since this was made, and
// that are open and mapped nowhere: memory that no process answers for, and
// that is missing until somebody removes them. Without a memory cgroup it is
// not known which sub-job has written one, nor whether it was one at all.
class IdleFiles {
 public:
  explicit IdleFiles(std::string tmpfs) : tmpfs_(std::move(tmpfs)) {}

  // What is there, less what was said for other slots before: the answers for
  // all slots add up to it. It takes no more than a twentieth of the time: what
  // is asked sooner again may be as old. Looks at 10,000 files at most.
  uint64_t BytesFor(uint32_t slot);
  // From when on it looks again when it is asked.
  Instant next_look() const { return next_look_; }

 private:
  void Count();

  std::string tmpfs_;
  absl::Time since_ = absl::Now();
  Instant next_look_ = -absl::InfiniteDuration();
  uint64_t bytes_ = 0;
  std::map<uint32_t, uint64_t> said_;  // by slot
};

}  // namespace cram
