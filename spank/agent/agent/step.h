// Where this process stands: in a Slurm step, or alone on a machine.
#pragma once

#include <stdint.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace cram {

// What Slurm and our plugin say in the environment; without Slurm, a step of
// one node of our own.
struct Step {
  std::string run_id;  // "12.0", "12.0.r1" in a job that began again; alone:
                       // "run-<date>-<time>-<pid>.0"
  bool in_slurm = false;
  uint32_t restarts = 0;  // how often Slurm has requeued the job
  absl::Time job_end = absl::InfiniteFuture();
  uint32_t node_id = 0;
  uint32_t nodes = 1;
  uint32_t local_task = 0;
  std::string node_name;
  uint32_t cpus = 0;              // allocated on this node; 0: not said
  std::string cores;              // S_STEP_ALLOC_CORES; may be empty
  uint64_t memory_bytes = 0;      // allocated on this node; 0: not said
  std::string cgroup;             // handed over by the plugin; may be empty
  std::vector<int> cgroup_files;  // open, of its slots one after the other

  // Of the node's limits what Slurm says holds for one that is `alone` as well:
  // `cram run` in a batch script.
  static Step FromEnvironment(bool alone);
};

}  // namespace cram
