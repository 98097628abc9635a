// What the kernel tells everybody of the processes that it killed because
// memory had run out.
#pragma once

#include <stdint.h>

#include "absl/time/time.h"
#include "pack/base/clock.h"
#include "spank/agent/caps/cgroup_mounts.h"

namespace cram {

class OomKills {
 public:
  // `around` is the cgroup that we and the sub-jobs are in.
  explicit OomKills(MemoryCgroup around) : around_(std::move(around)) {}

  // How many on this host since it started, those at the limit of a cgroup
  // among them: oom_kill in /proc/vmstat. 0 where the kernel has no such line.
  static uint64_t OnHost();
  // The same as of at most a second ago: the file is long.
  uint64_t OnHostLately();

  // Whether a limit above us was reached at any time: then it is more likely
  // than the host to have been what ran out. In cgroup v1 the most that was
  // ever used says so, page cache included; in v2 the event "oom" does.
  bool LimitReached() const;

 private:
  MemoryCgroup around_;
  uint64_t lately_ = 0;
  Instant read_ = -absl::InfiniteDuration();
};

}  // namespace cram
