// Why slots of a node are idle.
#pragma once

#include <stddef.h>

#include "absl/strings/string_view.h"

namespace cram {

// The values are stored in journals: never renumber.
enum class Idle {
  kNot = 0,       // every slot is in use
  kNoWork = 1,    // the node has nothing left to start
  kMemory = 2,    // the next sub-job's cap does not fit beside those running
  kCpus = 3,      // its CPUs do not
  kRecords = 4,   // records cannot be written
  kStopping = 5,  // the run is being stopped
  kBenched = 6,   // too many sub-jobs failed to start there
  kTime = 7,      // nothing that is left can end before the job does
};
inline constexpr size_t kIdles = 8;

// "no work left": for a table.
absl::string_view IdleWords(Idle idle);

}  // namespace cram
