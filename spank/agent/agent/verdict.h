// From the facts about an ended attempt to the name of its cause.
#pragma once

#include "pack/base/exit_status.h"
#include "pack/base/outcome.h"
#include "spank/agent/caps/caps.h"

namespace cram {

struct EndFacts {
  ExitStatus exit;
  CapVerdict memory = CapVerdict::kWithin;
  bool timed_out = false;  // its time limit passed while it ran
  bool cancelled = false;  // the run was being stopped while it ran
};

// Memory goes first: a parent that survives its child's death by the cap, or
// exits 0 after it, did not complete. What we did to it goes before how it
// took that.
Cause CauseOf(const EndFacts& facts);

}  // namespace cram
