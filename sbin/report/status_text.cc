#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "pack/base/duration.h"
#include "pack/base/escape_controls.h"
#include "pack/base/size.h"
#include "sbin/report/status.h"

namespace cram {
namespace {

constexpr size_t kMostNodes = 24;
constexpr size_t kMostNameBytes = 40;

std::string Elapsed(double seconds) {
  return FormatElapsed(absl::Seconds(seconds));
}

void AppendRun(const Run& run, const RunStatus& status, std::string* out) {
  absl::StrAppendFormat(out, "Run       %s, %s %s, in %s\n", run.id(),
                        run.ended() ? "ended after" : "running for",
                        Elapsed(status.ElapsedSeconds()),
                        run.directory().path());
  absl::StrAppendFormat(out, "Sub-jobs  %d:", run.subjobs());
  const char* separator = " ";
  for (State state : kAllStates) {
    uint64_t count = status.states[static_cast<size_t>(state)];
    if (count == 0) continue;
    absl::StrAppend(out, separator, count, " ", StateWords(state));
    separator = ", ";
  }
  absl::StrAppend(out, "\n");
  if (status.completed_before != 0) {
    absl::StrAppendFormat(out, "Resumed   %d of them had completed in %s\n",
                          status.completed_before,
                          run.nodes().front().resumed_from);
  }
  if (status.rate > 0) {
    absl::StrAppendFormat(out, "Rate      %.*f sub-jobs/s",
                          status.rate < 10 ? 2 : 0, status.rate);
    if (!run.ended() && status.left != 0) {
      absl::StrAppend(out, ", about ", Elapsed(status.SecondsLeft()), " left");
    }
    absl::StrAppend(out, "\n");
  }
  if (!status.no_room.empty()) {
    absl::StrAppend(out, "Disk      ", run.directory().path(), " ",
                    status.no_room,
                    "; nothing is started until records can be written\n");
  }
}

absl::string_view WhyIdle(const NodeRecords& records,
                          const RunStatus::Node& node) {
  if (records.closed) return "the agent has left";
  return node.idle_slots() > 0 ? IdleWords(records.idle) : "";
}

void AppendNodes(const Run& run, const RunStatus& status, std::string* out) {
  std::vector<RunStatus::Node> nodes = status.nodes;
  if (nodes.size() > kMostNodes) {
    std::stable_sort(nodes.begin(), nodes.end(),
                     [](const RunStatus::Node& a, const RunStatus::Node& b) {
                       return a.idle_slots() > b.idle_slots();
                     });
    nodes.resize(kMostNodes);
  }
  absl::StrAppendFormat(out, "\n%-15s %9s %9s %9s %5s", "Node", "Done",
                        "Failed", "Running", "Slots");
  if (!run.ended()) {
    absl::StrAppendFormat(out, " %5s %9s  %s", "Idle", "Unstarted", "Why idle");
  }
  absl::StrAppend(out, "\n");
  for (const RunStatus::Node& node : nodes) {
    const NodeRecords& records = run.nodes()[node.place];
    absl::StrAppendFormat(out, "%-15s %9d %9d %9d %5d", records.name, node.done,
                          node.failed, node.running, node.slots);
    if (!run.ended()) {
      absl::StrAppendFormat(out, " %5d %9d  %s", node.idle_slots(),
                            records.unstarted, WhyIdle(records, node));
    }
    absl::StrAppend(out, "\n");
  }
  if (status.nodes.size() > nodes.size()) {
    absl::StrAppend(out, "and ", status.nodes.size() - nodes.size(),
                    " nodes with no more idle slots (--json has all)\n");
  }
}

std::string NameOf(const Attempt& attempt, const ReportContext& context) {
  const SubJob* subjob = context.manifest.Get(attempt.index);
  if (subjob == nullptr) return "";
  std::string name =
      subjob->name.empty() ? absl::StrJoin(subjob->argv, " ") : subjob->name;
  return EscapeControls(name).substr(0, kMostNameBytes);
}

void AppendSlowest(const RunStatus& status, const ReportContext& context,
                   std::string* out) {
  if (status.slowest.empty()) return;
  absl::StrAppendFormat(out, "\n%-12s %-15s %12s %9s %9s  %s\n", "Longest runs",
                        "Node", "For", "Memory", "Cap", "Name");
  for (const Attempt* attempt : status.slowest) {
    absl::Duration elapsed = absl::Nanoseconds(ElapsedNs(*attempt, context));
    absl::StrAppendFormat(
        out, "%-12d %-15s %12s %9s %9s  %s\n", attempt->index,
        context.run.NodeOf(*attempt).name, FormatElapsed(elapsed),
        attempt->peak_bytes == 0 ? "" : FormatSize(attempt->peak_bytes),
        FormatSize(attempt->cap_bytes), NameOf(*attempt, context));
  }
}

}  // namespace

std::string StatusText(const RunStatus& status, const ReportContext& context) {
  std::string text;
  AppendRun(context.run, status, &text);
  AppendNodes(context.run, status, &text);
  AppendSlowest(status, context, &text);
  return text;
}

}  // namespace cram
