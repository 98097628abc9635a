// A run on nodes that do not exist: the real engine (Subtree), first shares and
// messages, on a simulated clock, with a model of what network, file system and
// launch cost.
#pragma once

#include <stdint.h>

#include <vector>

namespace cram {

// Seconds, and where they are from.
struct CostModel {
  // Between two agents. S. Larsen et al., "Architectural breakdown of
  // end-to-end latency in a TCP/IP network" (SBAC-PAD 2007) measure 10 us for
  // one request over 10 Gb Ethernet; five times that for the switches of a
  // large fabric.
  double latency = 50e-6;
  double per_byte = 1e-9;  // 10 Gb/s
  // An agent takes or sends one message after the other: a few system calls and
  // some protobuf; ours takes about 15 us on a machine of 2020.
  double handling = 20e-6;
  // Until a file that was made is seen by another node: nfs(5) has acregmin at
  // 3 s; a Lustre is coherent.
  double file_seen = 3;
  // Agents come up within so long of each other: srun takes a connection from
  // each node, some 10,000 a second.
  double skew = 10;
  // A node starts sub-jobs one after the other, from a network file system. An
  // agent starts one in 0.3 ms from a local one (tests/bench/slot).
  double start = 5e-3;
};

struct RunShape {
  uint32_t nodes;
  uint32_t slots;  // of each
};

struct RunFigures {
  double first_shares = 0;  // every node has started what it can of its own
  double last_start = 0;
  double makespan = 0;
  uint64_t root_messages = 0;  // both ways, reports of nothing new included
  uint64_t root_busiest = 0;   // in one second, without those
  uint64_t root_bytes = 0;
  uint64_t root_memory = 0;  // of its engine, at most; bytes
  uint64_t messages = 0;     // of all agents
};

// `lengths`: seconds that each sub-job runs.
RunFigures SimulateRun(const RunShape& shape, const CostModel& model,
                       const std::vector<float>& lengths);

// The makespan of one queue from which every free slot takes the next sub-job,
// at no cost: as good as any policy that does not know lengths.
double OneQueueMakespan(uint64_t slots, const std::vector<float>& lengths);

}  // namespace cram
