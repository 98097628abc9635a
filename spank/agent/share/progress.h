// What a node, or all nodes of a subtree together, have done.
#pragma once

#include <stdint.h>

#include <array>
#include <numeric>

#include "pack/base/outcome.h"

namespace cram {

// Since the start of the run.
struct Progress {
  std::array<uint64_t, kStates> finished = {};  // sub-jobs by final state
  uint64_t unstarted = 0;
  uint32_t running = 0;
  uint32_t slots = 0;
  // It starts nothing more, whoever told it so.
  bool stopping = false;

  uint64_t all_finished() const {
    return std::accumulate(finished.begin(), finished.end(), uint64_t{0});
  }
};

}  // namespace cram
