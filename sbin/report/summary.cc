#include "sbin/report/summary.h"

#include <algorithm>

namespace cram {
namespace {

int64_t TakeQuantile(double share, std::vector<int64_t>* values) {
  size_t rank = static_cast<size_t>(
      share * static_cast<double>(values->size() - 1) + 0.5);
  auto it = values->begin() + static_cast<ptrdiff_t>(rank);
  std::nth_element(values->begin(), it, values->end());
  return *it;
}

void CountAttempts(const Run& run, int64_t now_ns, Summary* summary) {
  summary->nodes.resize(run.nodes().size());
  for (size_t i = 0; i < run.nodes().size(); ++i) {
    const NodeRecords& node = run.nodes()[i];
    summary->nodes[i].attempts = node.attempts.size();
    summary->attempts += node.attempts.size();
    double held = 0;
    for (const Attempt& attempt : node.attempts) {
      int64_t end = attempt.ended() ? attempt.end_ns
                    : run.ended()   ? node.last_ns
                                    : now_ns;
      held +=
          static_cast<double>(std::max<int64_t>(end - attempt.start_ns, 0)) *
          attempt.cpus;
      summary->ended_attempts += attempt.ended();
      summary->cpu_us += attempt.user_us + attempt.system_us;
    }
    if (!node.earlier.empty()) {
      summary->completed_before += node.attempts.size();
      continue;
    }
    summary->cpus += node.cpus;
    summary->held_cpu_seconds += held / 1e9;
    if (node.first_ns == 0) continue;
    if (summary->first_ns == 0 || node.first_ns < summary->first_ns) {
      summary->first_ns = node.first_ns;
    }
    summary->last_ns = std::max(summary->last_ns, node.last_ns);
  }
  if (!run.ended()) summary->last_ns = std::max(summary->last_ns, now_ns);
}

}  // namespace

Quantiles QuantilesOf(std::vector<int64_t>* values) {
  Quantiles quantiles;
  if (values->empty()) return quantiles;
  quantiles.least = *std::min_element(values->begin(), values->end());
  quantiles.half = TakeQuantile(0.5, values);
  quantiles.most_90 = TakeQuantile(0.9, values);
  quantiles.most_99 = TakeQuantile(0.99, values);
  quantiles.most = *std::max_element(values->begin(), values->end());
  return quantiles;
}

Summary Summarize(const Run& run, int64_t now_ns) {
  Summary summary;
  CountAttempts(run, now_ns, &summary);
  std::vector<int64_t> elapsed, cpu, peaks;
  size_t most = std::min(run.subjobs(), summary.ended_attempts);
  for (std::vector<int64_t>* values : {&elapsed, &cpu, &peaks}) {
    values->reserve(most);
  }
  for (uint64_t index = 0; index < run.started_below(); ++index) {
    const Attempt* last = run.Last(index);
    State state = run.SubJobState(index);
    ++summary.states[static_cast<size_t>(state)];
    if (last == nullptr) continue;
    ++summary.causes[static_cast<size_t>(last->cause)];
    ++summary.nodes[last->node].states[static_cast<size_t>(state)];
    if (!last->ended() || last->cause == Cause::kCouldNotStart) continue;
    elapsed.push_back(std::max<int64_t>(last->end_ns - last->start_ns, 0));
    cpu.push_back(static_cast<int64_t>(last->user_us + last->system_us));
    if (last->peak_bytes != 0) {
      peaks.push_back(static_cast<int64_t>(last->peak_bytes));
    }
  }
  summary.states[static_cast<size_t>(State::kPending)] +=
      run.subjobs() - run.started_below();
  summary.measured = elapsed.size();
  summary.peaks = peaks.size();
  summary.elapsed_ns = QuantilesOf(&elapsed);
  summary.cpu_time_us = QuantilesOf(&cpu);
  summary.peak_bytes = QuantilesOf(&peaks);
  return summary;
}

double Summary::WallSeconds() const {
  return static_cast<double>(last_ns - first_ns) / 1e9;
}

double Summary::Utilisation() const {
  double all = WallSeconds() * static_cast<double>(cpus);
  return all > 0 ? held_cpu_seconds / all : 0;
}

double Summary::AttemptsPerSecond() const {
  double seconds = WallSeconds();
  return seconds > 0
             ? static_cast<double>(ended_attempts - completed_before) / seconds
             : 0;
}

}  // namespace cram
