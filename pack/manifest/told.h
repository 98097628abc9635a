// What a sub-job is told, for those who run it and those who show it.
#pragma once

#include <stdint.h>

#include <vector>

#include "pack/base/runtime_knobs.h"
#include "pack/manifest/subjob.h"

namespace cram {

// TellRuntimes() for a sub-job whose environment is `inherited` and then what
// the manifest changes in it. A variable that the manifest removes is not told.
std::vector<ToldKnob> TellSubJob(const SubJob& subjob, uint64_t cap_bytes,
                                 uint32_t cpus, KnobSet selection,
                                 UserVariable inherited);

}  // namespace cram
