// How much later than the first agent another one came.
#pragma once

#include <stdint.h>

#include "absl/time/time.h"
#include "pack/base/run_directory.h"

namespace cram {

// By the file that the first one made when it began to listen, and the journal
// that this one has just made: both have their times from one file system, so
// that clocks of nodes do not matter. Zero: not later, or not to be known.
absl::Duration LatenessOf(const RunDirectory& run, uint32_t node);

}  // namespace cram
