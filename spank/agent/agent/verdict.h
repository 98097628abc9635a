// From the facts about an ended attempt to the name of its cause.
#pragma once

#include "pack/base/exit_status.h"
#include "pack/base/outcome.h"
#include "spank/agent/caps/caps.h"

namespace cram {

// Why the agent ended an attempt, if it did. The first reason stays.
enum class EndReason {
  kNone,
  kTimeLimit,     // its time limit passed while it ran
  kRunStopped,    // the run was being stopped while it ran
  kCancelled,     // the user asked for its end alone
  kOutputBudget,  // it printed too much
  kJobEnd,        // it was told that the job ends; how it ends is its own word
};

struct EndFacts {
  ExitStatus exit;
  CapVerdict memory = CapVerdict::kWithin;
  EndReason ended_for = EndReason::kNone;
  // Its standard error, where we see it, ends in the message of a runtime that
  // got no more memory.
  bool memory_message = false;
  bool could_not_start = false;  // one of its ranks
};

// Memory goes first: a parent that survives its child's death by the cap, or
// exits 0 after it, did not complete. What we did to it goes before how it
// took that. Of a memory error the message is a hint only: it names an end by
// an exit code or by SIGABRT, as of an abort(3), and nothing else. Who was told
// that the job ends, and did not succeed after that, was cancelled.
Cause CauseOf(const EndFacts& facts);

}  // namespace cram
