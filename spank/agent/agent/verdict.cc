#include "spank/agent/agent/verdict.h"

namespace cram {

Cause CauseOf(const EndFacts& facts) {
  if (facts.memory == CapVerdict::kOwnCap) return Cause::kOwnCap;
  if (facts.memory == CapVerdict::kNodeBudget) return Cause::kNodeBudget;
  if (facts.memory == CapVerdict::kHost) return Cause::kHostOutOfMemory;
  if (facts.timed_out) return Cause::kTimeLimit;
  if (facts.cancelled) return Cause::kCancelled;
  if (facts.exit.signal != 0) return Cause::kSignal;
  if (facts.exit.code != 0) return Cause::kExitCode;
  return Cause::kCompleted;
}

}  // namespace cram
