#include "sbin/report/why.h"

#include "absl/strings/str_cat.h"
#include "pack/base/duration.h"
#include "pack/base/escape_controls.h"
#include "pack/base/exit_status.h"
#include "pack/base/size.h"
#include "sbin/report/attempt_output.h"
#include "sbin/report/what_to_do.h"

namespace cram {
namespace {

constexpr size_t kErrorLines = 10;

std::string Cap(const Attempt& attempt) {
  return attempt.cap_bytes == 0 ? "none" : FormatSize(attempt.cap_bytes);
}

std::string EndedBy(const Attempt& attempt, const Run& run) {
  const std::optional<uint32_t>& rank = run.Details(attempt).rank;
  std::string whose = rank ? absl::StrCat(" of its rank ", *rank) : "";
  if (attempt.signal == 0) {
    return absl::StrCat("ended with exit code ", attempt.exit_code, whose);
  }
  return absl::StrCat("was ended by ", SignalName(attempt.signal), whose,
                      attempt.core_dumped ? " (core dumped)" : "");
}

// The verb of the paragraph's first sentence.
std::string WhatHappened(const Attempt& attempt, const Run& run) {
  switch (attempt.cause) {
    case Cause::kNone:
      return "is running";
    case Cause::kCompleted:
      return "completed";
    case Cause::kExitCode:
    case Cause::kSignal:
      return EndedBy(attempt, run);
    case Cause::kOwnCap:
      return absl::StrCat("reached its memory cap of ", Cap(attempt),
                          " and was killed");
    case Cause::kNodeBudget:
      return "was killed within its cap, because all that runs on its node "
             "together reached the limit of the step or the job";
    case Cause::kHostOutOfMemory:
      return "was killed within its cap, because the node itself ran out of "
             "memory";
    case Cause::kRuntimeMemoryError:
      return absl::StrCat(EndedBy(attempt, run),
                          ", and seems to have got no more memory (its "
                          "standard error says \"",
                          run.Details(attempt).memory_message, "\"),");
    case Cause::kTimeLimit:
      return "passed its time limit and was stopped";
    case Cause::kCancelled:
      return attempt.by_user ? "was cancelled by the user" : "was cancelled";
    case Cause::kNodeLost:
      return "was lost with its node";
    case Cause::kCouldNotStart:
      return absl::StrCat("could not start: ", Reason(attempt, run), ",");
    case Cause::kOutputBudget:
      return "printed more than it may and was stopped";
  }
  return "ended";
}

std::string WhereAndWhen(const Attempt& attempt, const ReportContext& context) {
  std::string text = absl::StrCat(" on node ", context.run.NodesOf(attempt),
                                  ", slot ", attempt.slot);
  const std::string& earlier = context.run.NodeOf(attempt).earlier;
  if (!earlier.empty()) absl::StrAppend(&text, ", in ", earlier);
  if (attempt.ended()) {
    absl::StrAppend(&text, ", at ", LocalTime(attempt.end_ns));
  }
  if (attempt.cause != Cause::kCouldNotStart) {
    absl::StrAppend(
        &text, attempt.ended() ? ", after " : ", for ",
        FormatElapsed(absl::Nanoseconds(ElapsedNs(attempt, context))));
  }
  return absl::StrCat(text, " (attempt ", attempt.number, ").");
}

std::string MemoryUse(const Attempt& attempt) {
  if (attempt.peak_bytes == 0) return "";
  return absl::StrCat(" Peak memory ", FormatSize(attempt.peak_bytes), ", cap ",
                      Cap(attempt), ".");
}

// Who was killed; the first of them, when all were.
std::string VictimOf(const EndDetails& details) {
  if (details.victim_pid == 0) return "";
  std::string text = absl::StrCat("  killed: pid ", details.victim_pid);
  if (details.rank) absl::StrAppend(&text, " of its rank ", *details.rank);
  if (details.victim_bytes != 0) {
    absl::StrAppend(&text, " with ", FormatSize(details.victim_bytes));
  }
  return absl::StrCat(text, ": ", EscapeControls(details.victim_command), "\n");
}

std::string LeftOut(const EndDetails& details) {
  std::string text;
  for (const auto& [name, bytes] :
       {std::pair("standard output", details.stdout_left_out),
        std::pair("standard error", details.stderr_left_out)}) {
    if (bytes == 0) continue;
    absl::StrAppend(&text, " Of its ", name, " ", FormatSize(bytes),
                    " were left out.");
  }
  return text;
}

}  // namespace

std::string Why(const Row& row, const ReportContext& context) {
  std::string text = absl::StrCat(JobId(context.run, row.index), " ",
                                  StateName(row.state), ": ");
  if (row.attempt == nullptr) {
    return absl::StrCat(text, "it has not started",
                        context.run.ended() ? ", and the run has ended" : "",
                        ".\n");
  }
  const Attempt& attempt = *row.attempt;
  const EndDetails& details = context.run.Details(attempt);
  absl::StrAppend(&text, "it ",
                  EscapeControls(WhatHappened(attempt, context.run)),
                  WhereAndWhen(attempt, context), MemoryUse(attempt),
                  LeftOut(details), "\n", VictimOf(details));
  for (const std::string& line : WhyErrorLines(attempt, context.run)) {
    absl::StrAppend(&text, "  stderr: ", EscapeControls(line), "\n");
  }
  std::string advice = WhatToDo(row, context);
  if (!advice.empty()) absl::StrAppend(&text, "  ", advice, "\n");
  return text;
}

std::vector<std::string> WhyErrorLines(const Attempt& attempt, const Run& run) {
  if (attempt.cause == Cause::kCompleted) return {};
  return LastErrorLines(run, attempt, kErrorLines);
}

}  // namespace cram
