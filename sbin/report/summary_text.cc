#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "pack/base/duration.h"
#include "pack/base/size.h"
#include "sbin/report/fields.h"
#include "sbin/report/summary.h"

namespace cram {
namespace {

std::string Seconds(int64_t ns) {
  absl::Duration time = absl::Nanoseconds(ns);
  if (time >= absl::Minutes(1)) return FormatElapsed(time);
  return absl::StrFormat("%.3fs", absl::ToDoubleSeconds(time));
}

std::string CpuSeconds(int64_t us) { return Seconds(us * 1000); }

std::string Bytes(int64_t bytes) {
  return FormatSize(static_cast<uint64_t>(bytes));
}

void AppendRun(const Run& run, const Summary& summary, std::string* out) {
  absl::StrAppendFormat(out, "Run       %s, %s, in %s\n", run.id(),
                        run.ended() ? "ended" : "running",
                        run.directory().path());
  absl::StrAppendFormat(out, "Sub-jobs  %d, %d attempts, on %d node%s\n",
                        run.subjobs(), summary.attempts, run.own_nodes(),
                        run.own_nodes() == 1 ? "" : "s");
  if (summary.completed_before != 0) {
    absl::StrAppendFormat(out, "Resumed   %d sub-jobs had completed in %s\n",
                          summary.completed_before,
                          run.nodes().front().resumed_from);
  }
  absl::StrAppendFormat(out, "Time      %s from %s to %s\n",
                        Seconds(summary.last_ns - summary.first_ns),
                        LocalTime(summary.first_ns),
                        LocalTime(summary.last_ns));
  absl::StrAppendFormat(out,
                        "Rate      %.1f attempts/s, %s of CPU time in all\n",
                        summary.AttemptsPerSecond(),
                        CpuSeconds(static_cast<int64_t>(summary.cpu_us)));
  absl::StrAppendFormat(out, "Busy      %.1f%% of the time of %d CPUs\n",
                        100 * summary.Utilisation(), summary.cpus);
}

void AppendCounts(const Run& run, const Summary& summary, std::string* out) {
  absl::StrAppend(out, "\nState            Sub-jobs\n");
  for (State state : kAllStates) {
    uint64_t count = summary.states[static_cast<size_t>(state)];
    if (count == 0) continue;
    absl::StrAppendFormat(out, "%-13s %11d  %5.1f%%\n", StateName(state), count,
                          100.0 * static_cast<double>(count) /
                              static_cast<double>(run.subjobs()));
  }
  bool header = false;
  for (size_t i = 0; i < kCauses; ++i) {
    Cause cause = static_cast<Cause>(i);
    if (summary.causes[i] == 0 || cause == Cause::kNone ||
        cause == Cause::kCompleted) {
      continue;
    }
    if (!header) absl::StrAppend(out, "\nCause of not completing  Sub-jobs\n");
    header = true;
    absl::StrAppendFormat(out, "%-21s %11d\n", CauseName(cause),
                          summary.causes[i]);
  }
}

void AppendQuantiles(absl::string_view name, const Quantiles& quantiles,
                     std::string (*format)(int64_t), std::string* out) {
  absl::StrAppendFormat(out, "%-10s %11s %11s %11s %11s %11s\n", name,
                        format(quantiles.least), format(quantiles.half),
                        format(quantiles.most_90), format(quantiles.most_99),
                        format(quantiles.most));
}

void AppendNodes(const Run& run, const Summary& summary, std::string* out) {
  absl::StrAppendFormat(out, "\n%-15s %9s %9s %9s %9s %5s %9s  %s\n", "Node",
                        "Attempts", "Completed", "Other", "Running", "Slots",
                        "Memory", "Caps by");
  for (size_t i = 0; i < run.nodes().size(); ++i) {
    const NodeRecords& node = run.nodes()[i];
    const Summary::Node& counts = summary.nodes[i];
    uint64_t all = 0;
    for (uint64_t count : counts.states) all += count;
    uint64_t completed = counts.states[static_cast<size_t>(State::kCompleted)];
    uint64_t running = counts.states[static_cast<size_t>(State::kRunning)];
    absl::StrAppendFormat(out, "%-15s %9d %9d %9d %9d %5d %9s  %s%s%s\n",
                          node.name, counts.attempts, completed,
                          all - completed - running, running, node.slots,
                          FormatSize(node.budget_bytes), node.caps,
                          node.view ? ", view" : "",
                          node.earlier.empty() ? "" : ", in " + node.run_id);
  }
}

}  // namespace

std::string SummaryText(const Run& run, const Summary& summary) {
  std::string text;
  AppendRun(run, summary, &text);
  AppendCounts(run, summary, &text);
  if (summary.measured > 0) {
    absl::StrAppendFormat(&text, "\n%-10s %11s %11s %11s %11s %11s\n", "",
                          "least", "half", "90%", "99%", "most");
    AppendQuantiles("Elapsed", summary.elapsed_ns, Seconds, &text);
    AppendQuantiles("TotalCPU", summary.cpu_time_us, CpuSeconds, &text);
  }
  if (summary.peaks > 0) {
    AppendQuantiles("MaxRSS", summary.peak_bytes, Bytes, &text);
  }
  AppendNodes(run, summary, &text);
  return text;
}

}  // namespace cram
