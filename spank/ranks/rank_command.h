// How the agent calls cram-ranks.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pack/base/run_options.h"
#include "pack/manifest/subjob.h"

namespace cram {

// A sub-job of several ranks, or one that asks for MPI, is not run by the agent
// itself: cram-ranks is, in its place, and starts the ranks.
bool NeedsRanks(const SubJob& subjob);

struct RankFacts {
  std::string program;        // cram-ranks
  std::string name;           // of its world, unique on the node
  std::string shared_memory;  // a directory for it; empty: anywhere
  // Open in cram-ranks, a descriptor for each rank of this node; none: its own.
  std::vector<int> stdout_fds = {}, stderr_fds = {};
};

// The words to run for it.
std::vector<std::string> RankCommand(const RankFacts& facts,
                                     const SubJob& subjob, OutputMode output);

// cram-ranks as it is installed, seen from `program`, a path of cram-agent.
std::string RankProgram(absl::string_view program);

}  // namespace cram
