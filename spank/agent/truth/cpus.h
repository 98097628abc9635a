// The CPUs of this node that the step may use.
#pragma once

#include <sched.h>
#include <stdint.h>

#include <vector>

#include "absl/status/statusor.h"

namespace cram {

// A list of processing units in hwloc's logical order, in which neighbours
// share caches and cores; positions in it are what admission hands out.
class NodeCpus {
 public:
  // The CPUs that this process may run on, and of these at most `limit` (0: no
  // limit), which matters where the site does not confine steps to their CPUs:
  // then the ones of the cores `step_cores` ("0-3,8", Slurm's own numbering,
  // may be empty) come first.
  static absl::StatusOr<NodeCpus> Find(uint32_t limit, const char* step_cores);

  uint32_t size() const { return static_cast<uint32_t>(os_index_.size()); }

  // The set of the CPUs at these positions, for sched_setaffinity(2).
  cpu_set_t Set(const std::vector<uint32_t>& positions) const;

 private:
  std::vector<unsigned> os_index_;
};

}  // namespace cram
