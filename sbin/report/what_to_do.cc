#include "sbin/report/what_to_do.h"

#include <signal.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pack/base/duration.h"
#include "pack/base/exit_status.h"
#include "pack/base/run_options.h"
#include "pack/base/shell_quote.h"
#include "pack/base/size.h"
#include "sbin/report/attempt_output.h"

namespace cram {
namespace {

bool IsSlurms(const Run& run) { return !absl::StartsWith(run.id(), "run-"); }

// "--cram-mem=" or "--mem=".
std::string Option(const Run& run, absl::string_view name) {
  return absl::StrCat(IsSlurms(run) ? "--cram-" : "--", name, "=");
}

// A round figure that is not less: 402.14M becomes 410M, 1.31G 1.4G.
std::string RoundUp(uint64_t bytes) {
  absl::string_view units = "KMGTP";
  double amount = static_cast<double>(bytes) / 1024;
  while (amount >= 1024 && units.size() > 1) {
    amount /= 1024;
    units.remove_prefix(1);
  }
  double step = amount >= 100 ? 10 : amount >= 10 ? 1 : 0.1;
  return absl::StrCat(std::ceil(amount / step - 1e-9) * step,
                      units.substr(0, 1));
}

std::string RaiseTheCap(const Attempt& attempt, const Run& run) {
  // The peak says where it was stopped, not what it wanted.
  uint64_t next = 2 * std::max(attempt.cap_bytes, attempt.peak_bytes);
  return absl::StrCat("Run it again with ", Option(run, "mem"), RoundUp(next),
                      " (the peak was ", FormatSize(attempt.peak_bytes),
                      ", where it was stopped) or ", Option(run, "oom-retry"),
                      "2, or make the run smaller.");
}

std::string AfterRuntimeError(const Attempt& attempt, const Run& run) {
  if (attempt.peak_bytes == 0 || attempt.peak_bytes >= attempt.cap_bytes / 2) {
    return RaiseTheCap(attempt, run);
  }
  return absl::StrCat(
      "Its peak was far below its cap: it asked for much at once (then ",
      Option(run, "mem"), RoundUp(2 * attempt.cap_bytes),
      "), or a limit of its own was in the way (ulimit -v, a heap size).");
}

std::string WantMoreOnTheNode(const Attempt& attempt, const Run& run) {
  const NodeRecords& node = run.NodeOf(attempt);
  std::string text = IsSlurms(run) ? absl::StrCat("Ask Slurm for more than ",
                                                  FormatSize(node.budget_bytes),
                                                  " on a node (--mem)")
                                   : "Free memory on the machine";
  if (node.slots > 1) {
    absl::StrAppend(&text, ", or run fewer at once: ", Option(run, "slots"),
                    (node.slots + 1) / 2);
  }
  return text + ". Something else used what the sub-jobs were promised.";
}

// The kernel takes the pages of its own programs and files from who is at his
// cap, before it kills; he then waits for the disk, again and again.
bool WasSlowedByItsCap(const Attempt& attempt, const ReportContext& context) {
  constexpr double kMany = 50;  // a second
  absl::Duration ran = absl::Nanoseconds(ElapsedNs(attempt, context));
  uint64_t faults = context.run.Details(attempt).major_faults;
  return attempt.peak_bytes >= attempt.cap_bytes / 20 * 19 &&
         static_cast<double>(faults) >= kMany * absl::ToDoubleSeconds(ran);
}

std::string MemoryRatherThanTime(const Attempt& attempt,
                                 const ReportContext& context) {
  return absl::StrCat(
      "It was at its cap and waited for ",
      context.run.Details(attempt).major_faults,
      " pages of its programs and files to be read again: it needs memory "
      "rather than time. Run it again with ",
      Option(context.run, "mem"), RoundUp(2 * attempt.cap_bytes), ".");
}

std::string MoreTime(const Attempt& attempt, const ReportContext& context) {
  if (WasSlowedByItsCap(attempt, context)) {
    return MemoryRatherThanTime(attempt, context);
  }
  absl::Duration ran = absl::Nanoseconds(ElapsedNs(attempt, context));
  absl::Duration next = absl::Ceil(2 * ran, absl::Seconds(1));
  return absl::StrCat("Run it again with ", Option(context.run, "time"),
                      FormatElapsed(next), " (it had run for ",
                      FormatElapsed(ran), ").");
}

std::string LessOutput(const Attempt& attempt, const ReportContext& context) {
  const EndDetails& details = context.run.Details(attempt);
  uint64_t most = std::max(attempt.stdout_bytes + details.stdout_left_out,
                           attempt.stderr_bytes + details.stderr_left_out);
  return absl::StrCat("Print less, or run it again with ",
                      Option(context.run, "output-limit"), RoundUp(2 * most),
                      ":kill (it printed ", FormatSize(most),
                      "), or without \":kill\": then it may go on.");
}

// What an exit code means by custom, in front of what to do.
std::string OfExitCode(int code) {
  if (code == 126) return "126: a shell may not run the command. ";
  if (code == 127) return "127: a shell did not find the command. ";
  if (code <= 128 || code > 128 + SIGRTMAX) return "";
  return absl::StrCat(code, ": a shell's word for a command that was ended by ",
                      SignalName(code - 128), ". ");
}

std::string OfSignal(int signal) {
  switch (signal) {
    case SIGSEGV:
    case SIGBUS:
    case SIGILL:
    case SIGFPE:
    case SIGABRT:
    case SIGTRAP:
      return "The program crashed. ";
    case SIGXCPU:
      return "It used more CPU time than it may (ulimit -t). ";
    case SIGXFSZ:
      return "It wrote a larger file than it may (ulimit -f). ";
    case SIGKILL:
    case SIGTERM:
      return "Neither cram sent it nor the kernel for want of memory. ";
  }
  return "";
}

std::string LookAtOutput(const Attempt& attempt, const ReportContext& context) {
  std::string text = attempt.signal != 0 ? OfSignal(attempt.signal)
                                         : OfExitCode(attempt.exit_code);
  if (!ErrorsArePacked(context.run, attempt, &context.manifest)) {
    return absl::StrCat(text,
                        "Its standard error was not packed: whether its "
                        "runtime ran out of memory is not known here.");
  }
  return absl::StrCat(text, "All that it said: cram output ",
                      ShellQuote(context.run.directory().path()), " ",
                      attempt.index, " --stderr");
}

}  // namespace

std::string WhatToDo(const Row& row, const ReportContext& context) {
  if (row.attempt == nullptr) return "";
  const Attempt& attempt = *row.attempt;
  switch (attempt.cause) {
    case Cause::kOwnCap:
      return RaiseTheCap(attempt, context.run);
    case Cause::kRuntimeMemoryError:
      return AfterRuntimeError(attempt, context.run);
    case Cause::kNodeBudget:
    case Cause::kHostOutOfMemory:
      return WantMoreOnTheNode(attempt, context.run);
    case Cause::kTimeLimit:
      return MoreTime(attempt, context);
    case Cause::kCouldNotStart:
      return "Repair that in the manifest or on the node, and run it again.";
    case Cause::kCancelled:
      if (attempt.by_user) return "It was not to run; a resume runs it again.";
      return "Nothing is wrong with the sub-job itself: run it again.";
    case Cause::kNodeLost:
      return "Nothing is wrong with the sub-job itself: run it again.";
    case Cause::kOutputBudget:
      return LessOutput(attempt, context);
    case Cause::kExitCode:
    case Cause::kSignal:
      return LookAtOutput(attempt, context);
    case Cause::kNone:
    case Cause::kCompleted:
      return "";
  }
  return "";
}

}  // namespace cram
