// Gangs: the nodes on which one sub-job runs that is wider than any of them,
// and what is said between their agents and the one that leads them all.
#pragma once

#include <stdint.h>

#include <string>
#include <vector>

namespace cram {

// A sub-job of several ranks that no node has the CPUs for. The cap is each
// node's.
struct WideSubJob {
  uint64_t index = 0;
  uint32_t attempt = 0;
  uint32_t ranks = 1;
  uint32_t cpus = 1;  // of each rank
  uint64_t cap_bytes = 0;

  uint64_t width() const { return uint64_t{ranks} * cpus; }
};

// The ranks of one node; those of the parts before it have the lower numbers.
struct GangPart {
  uint32_t node = 0;
  uint32_t ranks = 0;
};

// One sub-job, one attempt, on its nodes. The processes of part 0 are the ones
// that the others connect to.
struct Gang {
  uint64_t id = 0;  // never used again in a run
  // Whose room it takes over on the same nodes; 0: none's.
  uint64_t follows = 0;
  WideSubJob subjob;
  std::vector<GangPart> parts;
};

// To the agent of a part's node. Orders may come twice, and not at all: the
// leader says them again until it hears what they wanted.
enum class GangOrder {
  kReserve = 0,  // keep room for your part
  kStart = 1,    // start it
  kEnd = 2,      // end it, or keep no room for it any more
  kDismiss = 3,  // its room is for others; forget it
};

// What became of a part, from its agent: the answer to every order but
// kDismiss, and said again until the last word is answered by kDismiss or
// another kReserve.
enum class GangWord {
  kWaits = 0,  // there is no room yet
  kReserved = 1,
  kRunning = 2,
  kOver = 3,  // it ended, could not start, or is not known here
};

}  // namespace cram
