// What the #SBATCH lines of a batch script say.
#pragma once

#include <stdint.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pack/manifest/manifest.pb.h"

namespace cram {

// Read as sbatch of Slurm 22.05 reads them: up to the first line that is no
// comment, with its quotes, its options and their abbreviations; a later option
// replaces an earlier one. Empty or 0: not said.
struct BatchScript {
  std::string array, job_name, output, error, input, chdir;
  uint32_t tasks = 0;  // --ntasks, or --ntasks-per-node on the one node
  uint32_t cpus_per_task = 0;
  uint64_t memory_bytes = 0;    // of all tasks
  uint64_t memory_per_cpu = 0;  // bytes; when memory_bytes is 0
  uint64_t time_limit_ms = 0;
  std::vector<std::pair<std::string, std::string>> exported;  // NAME=VALUE
  // Options that mean nothing to a sub-job, as they were written, each once.
  std::vector<std::string> ignored;

  uint32_t cpus() const;

  // `name` is for errors, which say the line: sbatch would refuse it, too; or
  // it wants what a sub-job cannot have, as several nodes.
  static absl::StatusOr<BatchScript> Parse(absl::string_view text,
                                           absl::string_view name);
};

}  // namespace cram
