// Caps by the memory controller of cgroup v2.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pack/base/fd.h"
#include "spank/agent/caps/caps.h"
#include "spank/agent/caps/control_file.h"

namespace cram {

// Two levels a slot below `directory`. Kernel rules: Documentation/
// admin-guide/cgroup-v2.rst.
//
//   slot_K      the cap: memory.max, no swap, and memory.oom.group, so that
//               whoever passes it dies with everything that belongs to it.
//     run       the processes of one attempt
//
// In a step the plugin has made the slots and the caps stay root's: this user
// writes them through the descriptors `limits`, which a sub-job does not have.
// Alone, slots are made here. `run` is this user's.
//
// The kernel kills by itself. memory.events of the slot says why afterwards:
// `oom` counts that its own cap was reached, `oom_kill` who died of this or of
// a limit above. The same count of those above tells the node's budget from the
// host. When it changes, who is dying can still be seen, mostly.
//
// A process is started in `run` by clone3(2), CLONE_INTO_CGROUP; where it
// cannot be, it enters by a write to cgroup.procs before it execs. Both ask for
// the same rights (cgroup_css_set_fork in kernel/cgroup/cgroup.c), and the
// agent has them here; but a write holds up every fork, exec and exit of the
// machine (cgroup_threadgroup_rwsem).
//
// memory.peak of `run` is exact, page cache included. Since Linux 6.12 it can
// be reset, to what is in use (kept_cache.h). Before, `run` is made anew for
// the next attempt, and what is cached stays charged to the slot; unless the
// peak was at most 1 MiB: starting a program that small costs less than that,
// and the next one's peak is then told as that much where it was less. Before
// 5.19 there is no peak, and peak_bytes is 0.
class Cgroup2Caps : public Caps {
 public:
  // Whether the directory is in a cgroup2 file system.
  static bool IsFor(const std::string& directory);

  // Fails when a slot cannot be made, limited and entered: the caller falls
  // back. `limits` may be empty.
  static absl::StatusOr<std::unique_ptr<Cgroup2Caps>> Create(
      std::string directory, std::vector<UniqueFd> limits);

  absl::string_view name() const override { return "cgroup/v2"; }
  absl::StatusOr<std::unique_ptr<SlotCap>> MakeSlot(uint32_t slot) override;

 private:
  Cgroup2Caps(std::string directory, std::vector<UniqueFd> limits);

  std::string directory_;
  std::vector<UniqueFd> limits_;    // of memory.max, by slot
  std::vector<ControlFile> above_;  // memory.events.local
};

}  // namespace cram
