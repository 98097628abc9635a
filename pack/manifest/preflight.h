// What can be refused before anything is allocated.
#pragma once

#include <stdint.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pack/base/run_options.h"
#include "pack/manifest/reader.h"

namespace cram {

// The largest node that the run may get, and the CPUs of all of them; 0 is
// unknown and refuses nothing.
struct NodeSize {
  uint32_t cpus = 0;
  uint64_t memory_bytes = 0;
  uint64_t all_cpus = 0;
};

// Opens the manifest and holds it against options, default command (may be
// empty) and node: damaged blocks, sub-jobs without a command, unknown
// placeholders in the default command or in --output, a cap above the node or
// that may grow above it, more CPUs for a rank than a node has, or for all
// ranks than all nodes have. One clear line a refusal.
absl::StatusOr<std::unique_ptr<ManifestReader>> Preflight(
    const std::string& manifest_path, const RunOptions& options,
    const std::vector<std::string>& default_command, const NodeSize& largest);

}  // namespace cram
