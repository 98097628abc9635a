// A run in one screen.
#pragma once

#include <stdint.h>

#include <array>
#include <string>
#include <vector>

#include "pack/base/outcome.h"
#include "sbin/report/run.h"

namespace cram {

// The least, what half, 90 % and 99 % stay at or below, and the most.
struct Quantiles {
  int64_t least = 0, half = 0, most_90 = 0, most_99 = 0, most = 0;
};
// Changes their order.
Quantiles QuantilesOf(std::vector<int64_t>* values);

// Counts are of sub-jobs by their last attempt; quantiles over the last
// attempts that started and ended.
struct Summary {
  struct Node {
    std::array<uint64_t, kStates> states = {};
    uint64_t attempts = 0;
  };
  std::array<uint64_t, kStates> states = {};
  std::array<uint64_t, kCauses> causes = {};
  std::vector<Node> nodes;  // as Run::nodes()
  uint64_t attempts = 0;    // of all sub-jobs, those of earlier runs included
  uint64_t ended_attempts = 0;
  uint64_t completed_before = 0;  // of them, those of earlier runs
  uint64_t cpu_us = 0;            // of all attempts
  // Of this run: CPUs of its nodes, and how long attempts held how many.
  uint64_t cpus = 0;
  double held_cpu_seconds = 0;
  int64_t first_ns = 0;  // of all records of this run
  int64_t last_ns = 0;
  uint64_t measured = 0;  // attempts behind the quantiles
  Quantiles elapsed_ns, cpu_time_us;
  uint64_t peaks = 0;  // of them, how many have a peak
  Quantiles peak_bytes;

  double WallSeconds() const;
  double AttemptsPerSecond() const;  // that ended
  // The part of the CPUs' time that attempts held: 1 is all of it.
  double Utilisation() const;
};

// `now_ns` stands for the end of a run that has not ended.
Summary Summarize(const Run& run, int64_t now_ns);

std::string SummaryText(const Run& run, const Summary& summary);

}  // namespace cram
