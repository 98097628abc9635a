// Whether a sub-job whose attempt ended is run again, and with which cap.
#pragma once

#include <stdint.h>

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "pack/base/exit_status.h"
#include "pack/base/outcome.h"
#include "pack/base/run_options.h"
#include "spank/agent/share/work.h"

namespace cram {

// What the caps of a node may grow to.
struct CapLimits {
  uint64_t budget_bytes = 0;
  uint64_t second_cap_bytes = 0;  // at least, where caps are learned
};

// Two counts that do not touch: an attempt that was stopped by its own cap (or
// whose runtime, told that cap, gave up for want of memory) is followed by one
// with a larger cap until there is no larger one; of all other failures up to
// --retry are followed by an attempt with the same cap, unless the codes of
// --retry, or those that the sub-job has for a run that does not say, are not
// for `exit`. Without --oom-retry and
// --mem=auto, --retry counts both.
// `ended` is the attempt, with the cap that it had; the result is the next.
std::optional<Tried> NextAttempt(const RunOptions& options, const Tried& ended,
                                 Cause cause, const ExitStatus& exit,
                                 const std::string& retry_codes,
                                 const CapLimits& limits);

// How long an attempt waits that follows so many failures which --retry counts:
// a tenth of a second, and twice as long each time, up to ten seconds.
absl::Duration RetryDelay(uint32_t failures);

}  // namespace cram
