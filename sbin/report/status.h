// Where a run stands, while it goes on and after it.
#pragma once

#include <stdint.h>

#include <array>
#include <string>
#include <vector>

#include "pack/base/outcome.h"
#include "sbin/report/fields.h"
#include "sbin/report/run.h"

namespace cram {

// Counts are of sub-jobs by their last attempt. It comes from the journals, so
// it is as old as what agents have handed to the file system: a second, and
// what a network file system adds.
struct RunStatus {
  struct Node {
    uint32_t place = 0;  // in Run::nodes()
    uint32_t running = 0;
    uint64_t done = 0;    // completed
    uint64_t failed = 0;  // ended otherwise; cancelled ones did not fail
    uint32_t idle_slots() const {
      return slots > running ? slots - running : 0;
    }
    uint32_t slots = 0;
  };
  std::array<uint64_t, kStates> states = {};
  uint64_t left = 0;  // sub-jobs that wait or run
  // Of the states' COMPLETED those of the runs that this one goes on with; all
  // else below is of this run alone.
  uint64_t completed_before = 0;
  std::vector<Node> nodes;
  uint32_t slots = 0;  // of all nodes
  int64_t first_ns = 0;
  int64_t now_ns = 0;  // of the last record when the run has ended
  // Sub-jobs that ended a second, lately; 0: not known yet.
  double rate = 0;
  // Running attempts, those that run longest first.
  std::vector<const Attempt*> slowest;
  // Why the run directory takes no more records, when it does not; else empty.
  std::string no_room;

  double ElapsedSeconds() const;
  // Until the end at that rate; negative: not known.
  double SecondsLeft() const;
};

// At most `most_slowest` of the slowest.
RunStatus StatusOf(const Run& run, int64_t now_ns, size_t most_slowest);

// A screen: of many nodes only those with most idle slots.
std::string StatusText(const RunStatus& status, const ReportContext& context);

}  // namespace cram
