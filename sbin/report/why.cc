#include "sbin/report/why.h"

#include "absl/strings/str_cat.h"
#include "pack/base/duration.h"
#include "pack/base/exit_status.h"
#include "pack/base/shell_quote.h"
#include "pack/base/size.h"
#include "sbin/report/attempt_output.h"
#include "sbin/report/table_printer.h"

namespace cram {
namespace {

constexpr size_t kErrorLines = 5;

std::string Cap(const Attempt& attempt) {
  return attempt.cap_bytes == 0 ? "none" : FormatSize(attempt.cap_bytes);
}

std::string EndedBy(const Attempt& attempt) {
  if (attempt.signal == 0) {
    return absl::StrCat("ended with exit code ", attempt.exit_code);
  }
  return absl::StrCat("was ended by ", SignalName(attempt.signal),
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
      return EndedBy(attempt);
    case Cause::kOwnCap:
      return absl::StrCat("reached its memory cap of ", Cap(attempt),
                          " and was killed");
    case Cause::kNodeBudget:
      return absl::StrCat(
          "was killed because all sub-jobs of its node together reached the "
          "step's memory (",
          FormatSize(run.NodeOf(attempt).budget_bytes), ")");
    case Cause::kHostOutOfMemory:
      return "was killed because the node itself ran out of memory";
    case Cause::kRuntimeMemoryError:
      return absl::StrCat(EndedBy(attempt),
                          " after its runtime could not get more memory");
    case Cause::kTimeLimit:
      return "passed its time limit and was stopped";
    case Cause::kCancelled:
      return "was cancelled";
    case Cause::kNodeLost:
      return "was lost with its node";
    case Cause::kCouldNotStart:
      return absl::StrCat("could not start: ", Reason(attempt, run), ",");
    case Cause::kOutputBudget:
      return "wrote more output than it may and was stopped";
  }
  return "ended";
}

std::string WhereAndWhen(const Attempt& attempt, const ReportContext& context) {
  std::string text = absl::StrCat(" on node ", context.run.NodeOf(attempt).name,
                                  ", slot ", attempt.slot);
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

std::string RaiseTheCap(const Attempt& attempt) {
  // The peak says where it was stopped, not what it wanted.
  uint64_t next = 2 * std::max(attempt.cap_bytes, attempt.peak_bytes);
  if (next == 0) return "Raise the cap: --cram-mem=SIZE.";
  return absl::StrCat("Raise the cap: --cram-mem=", FormatSize(next),
                      " (the peak was ", FormatSize(attempt.peak_bytes),
                      ", where it was stopped), or make the run smaller.");
}

std::string WhatToDo(const Attempt& attempt, const ReportContext& context) {
  switch (attempt.cause) {
    case Cause::kOwnCap:
    case Cause::kRuntimeMemoryError:
      return RaiseTheCap(attempt);
    case Cause::kNodeBudget:
    case Cause::kHostOutOfMemory:
      return "Ask Slurm for more memory (--mem), or run fewer at once "
             "(--cram-slots), or lower the cap (--cram-mem).";
    case Cause::kTimeLimit:
      return absl::StrCat(
          "Raise the limit: --cram-time=TIME (it had run for ",
          FormatElapsed(absl::Nanoseconds(ElapsedNs(attempt, context))), ").");
    case Cause::kCouldNotStart:
      return "Repair that in the manifest or on the node, and run it again.";
    case Cause::kCancelled:
    case Cause::kNodeLost:
      return "Nothing is wrong with the sub-job itself: run it again.";
    case Cause::kOutputBudget:
      return "Print less, or send output to a file of its own "
             "(--cram-output=TEMPLATE).";
    case Cause::kExitCode:
    case Cause::kSignal:
      return absl::StrCat(
          "It ended by itself; all that it printed: cram "
          "output ",
          ShellQuote(context.run.directory().path()), " ", attempt.index,
          " [--stderr]");
    case Cause::kNone:
    case Cause::kCompleted:
      return "";
  }
  return "";
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
  absl::StrAppend(&text, "it ",
                  EscapeControls(WhatHappened(attempt, context.run)),
                  WhereAndWhen(attempt, context), MemoryUse(attempt), "\n");
  if (attempt.cause != Cause::kCompleted) {
    for (const std::string& line :
         LastErrorLines(context.run, attempt, kErrorLines)) {
      absl::StrAppend(&text, "  stderr: ", EscapeControls(line), "\n");
    }
  }
  std::string advice = WhatToDo(attempt, context);
  if (!advice.empty()) absl::StrAppend(&text, "  ", advice, "\n");
  return text;
}

}  // namespace cram
