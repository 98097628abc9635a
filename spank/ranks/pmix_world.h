// What libpmix is told of a world, and of its ranks on this node.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "spank/ranks/gang_place.h"
#include "spank/ranks/pmix_library.h"

namespace cram {

// After server_init(). `node`: this node's name, as the other nodes know it.
absl::Status RegisterWorld(const PmixLibrary& library, const std::string& name,
                           const GangPlace& place, const std::string& node);

// What libpmix calls an error, and what it was about.
absl::Status PmixError(const PmixLibrary& library, const char* what,
                       pmix_status_t status);

}  // namespace cram
