// Where this process is in the memory cgroup hierarchy.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace cram {

// Directories, "" where there is none. `v1` is in the memory controller's own
// hierarchy, `v2` in the unified one. At most one of them limits memory.
struct MemoryCgroup {
  std::string v1, v1_mount;
  std::string v2, v2_mount;
};

// From the contents of /proc/self/cgroup and /proc/self/mountinfo, cgroups(7)
// and proc(5). Pure.
MemoryCgroup ParseMemoryCgroup(absl::string_view cgroup,
                               absl::string_view mountinfo);

MemoryCgroup FindMemoryCgroup();

}  // namespace cram
