#include "spank/agent/agent/verdict.h"

#include <signal.h>

namespace cram {

Cause CauseOf(const EndFacts& facts) {
  if (facts.memory == CapVerdict::kOwnCap) return Cause::kOwnCap;
  if (facts.memory == CapVerdict::kNodeBudget) return Cause::kNodeBudget;
  if (facts.memory == CapVerdict::kHost) return Cause::kHostOutOfMemory;
  switch (facts.ended_for) {
    case EndReason::kTimeLimit:
      return Cause::kTimeLimit;
    case EndReason::kRunStopped:
    case EndReason::kCancelled:
      return Cause::kCancelled;
    case EndReason::kOutputBudget:
      return Cause::kOutputBudget;
    case EndReason::kJobEnd:
      if (!facts.exit.success()) return Cause::kCancelled;
      break;
    case EndReason::kNone:
      break;
  }
  if (facts.could_not_start) return Cause::kCouldNotStart;
  bool gave_up = facts.exit.code != 0 || facts.exit.signal == SIGABRT;
  if (facts.memory_message && gave_up) return Cause::kRuntimeMemoryError;
  if (facts.exit.signal != 0) return Cause::kSignal;
  if (facts.exit.code != 0) return Cause::kExitCode;
  return Cause::kCompleted;
}

}  // namespace cram
