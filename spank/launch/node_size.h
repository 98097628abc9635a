// The largest node that a run may get, before it gets one.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "pack/manifest/preflight.h"

namespace cram {

// Of the allocation that the environment variables of Slurm describe: the most
// CPUs in `cpus_per_node` ("2(x4),1"), megabytes a node or a CPU. Texts may be
// empty; what they leave open is 0.
NodeSize AllocationSize(absl::string_view cpus_per_node,
                        absl::string_view mem_per_node,
                        absl::string_view mem_per_cpu);

// From lines of "CPUS MEGABYTES NODES": the first two each the largest of its
// column. 1 MB is Slurm's word for a memory that nobody configured. A node of
// several partitions is counted in each.
NodeSize LargestOf(absl::string_view sinfo_lines);

// Inside an allocation what its environment says, else what `sinfo` says
// within some seconds; all 0 when neither can be had.
NodeSize FindNodeSize(bool in_allocation, const std::string& sinfo);

}  // namespace cram
