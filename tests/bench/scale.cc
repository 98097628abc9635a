// scale [NODES SLOTS SUBJOBS [SKEW]]: runs on nodes that do not exist
// (simulated_run.h), with short and long sub-jobs, of uniform and heavy-tailed
// lengths, the latter also in the order of their lengths. Without arguments:
// the 1,500,000 sub-jobs of LLNL's ensemble on 98,304 nodes of 16 slots, which
// all start at once, and on 4,096 nodes, where each slot runs 23 of them. Fails
// when the first of these misses what is to be reached.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include "tests/bench/simulated_run.h"

namespace cram {
namespace {

std::vector<float> UniformLengths(uint64_t count, float least, float most) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<float> length(least, most);
  std::vector<float> lengths(count);
  for (float& one : lengths) one = length(random);
  return lengths;
}

// Lognormal: of a million, the longest is a hundred times the median.
std::vector<float> HeavyTailedLengths(uint64_t count, float median) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<float> length(logf(median), 1);
  std::vector<float> lengths(count);
  for (float& one : lengths) one = length(random);
  return lengths;
}

std::vector<float> LongFirst(std::vector<float> lengths) {
  std::sort(lengths.rbegin(), lengths.rend());
  return lengths;
}

// What is to be reached, when all start at once.
struct Goal {
  double start = 120;
  double above_bound;  // a part of it
  uint64_t messages = 1000;
};

class Bench {
 public:
  Bench(const RunShape& shape, uint64_t subjobs, const CostModel& model,
        bool has_goals)
      : shape_(shape), model_(model), has_goals_(has_goals) {
    printf("%u nodes of %u slots, %" PRIu64 " sub-jobs\n", shape.nodes,
           shape.slots, subjobs);
  }

  void Run(const char* name, const std::vector<float>& lengths,
           double above_bound) {
    double total = std::accumulate(lengths.begin(), lengths.end(), 0.0);
    double longest = *std::max_element(lengths.begin(), lengths.end());
    uint64_t slots = uint64_t{shape_.nodes} * shape_.slots;
    double bound = std::max(longest, total / static_cast<double>(slots));
    RunFigures run = SimulateRun(shape_, model_, lengths);
    double one_queue = OneQueueMakespan(slots, lengths);
    double seconds = std::max(1.0, run.makespan);
    double rate = static_cast<double>(run.root_messages) / seconds;

    printf("  %s\n", name);
    Line("first shares run after", run.first_shares, "s");
    Line("the last one started after", run.last_start, "s");
    Line("lower bound of makespan", bound, "s");
    Line("one queue without costs", one_queue, "s");
    Line("makespan", run.makespan, "s");
    Line("  above the bound", 100 * (run.makespan / bound - 1), "%");
    Line("  above that of one queue", 100 * (run.makespan / one_queue - 1),
         "%");
    Line("messages at the root", rate, "a second");
    Line("  in the busiest second", static_cast<double>(run.root_busiest), "");
    Line("bytes at the root", static_cast<double>(run.root_bytes) / seconds,
         "a second");
    Line("memory of the root's engine",
         static_cast<double>(run.root_memory) / 1024, "KiB");
    Line("messages of all", static_cast<double>(run.messages) / 1e6, "million");
    if (!has_goals_) return;
    Goal goal;
    goal.above_bound = above_bound;
    bool good = run.last_start <= goal.start &&
                run.makespan <= bound * (1 + goal.above_bound) &&
                std::max(rate, static_cast<double>(run.root_busiest)) <=
                    static_cast<double>(goal.messages);
    printf("    %s %.0f s, %.0f %% above the bound, %" PRIu64
           " messages a second\n",
           good ? "within" : "MISSES", goal.start, 100 * goal.above_bound,
           goal.messages);
    missed_ = missed_ || !good;
  }

  void RunAll(uint64_t subjobs) {
    Run("1 to 10 minutes each, uniform", UniformLengths(subjobs, 60, 600),
        0.05);
    Run("5 minutes in the median, heavy-tailed",
        HeavyTailedLengths(subjobs, 300), 0.10);
    Run("the same, the long ones first in the manifest",
        LongFirst(HeavyTailedLengths(subjobs, 300)), 0.10);
    fflush(stdout);
  }

  bool missed() const { return missed_; }

 private:
  static void Line(const char* what, double value, const char* unit) {
    printf("    %-30s%12.1f %s\n", what, value, unit);
    fflush(stdout);
  }

  const RunShape shape_;
  const CostModel model_;
  const bool has_goals_;
  bool missed_ = false;
};

int Main(int argc, char** argv) {
  CostModel model;
  if (argc != 1 && argc != 4 && argc != 5) {
    fprintf(stderr, "usage: scale [NODES SLOTS SUBJOBS [SKEW]]\n");
    return 2;
  }
  if (argc == 5) model.skew = atof(argv[4]);
  printf(
      "%.0f us between agents, %.0f us for a message at each; files are "
      "seen after %.0f s,\nagents come up within %.0f s and start a sub-job "
      "in %.0f ms\n",
      model.latency * 1e6, model.handling * 1e6, model.file_seen, model.skew,
      model.start * 1e3);
  if (argc > 1) {
    RunShape shape{static_cast<uint32_t>(atoi(argv[1])),
                   static_cast<uint32_t>(atoi(argv[2]))};
    uint64_t subjobs = strtoull(argv[3], nullptr, 10);
    Bench(shape, subjobs, model, false).RunAll(subjobs);
    return 0;
  }
  constexpr uint64_t kSubJobs = 1500000;
  Bench wide({98304, 16}, kSubJobs, model, true);
  wide.RunAll(kSubJobs);
  Bench({4096, 16}, kSubJobs, model, false).RunAll(kSubJobs);
  return wide.missed() ? 1 : 0;
}

}  // namespace
}  // namespace cram

int main(int argc, char** argv) { return cram::Main(argc, argv); }
