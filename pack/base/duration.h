// Lengths of time, as people and Slurm write them.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace cram {

// Slurm's formats ("MM", "MM:SS", "HH:MM:SS", "D-HH", "D-HH:MM",
// "D-HH:MM:SS"; a bare number is minutes) and numbers with units ("90s",
// "1.5h", "1h30m"). Zero and negative lengths are errors.
absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text);

// As sacct prints Elapsed: "[D-]HH:MM:SS", fractions cut off.
std::string FormatElapsed(absl::Duration elapsed);

// As sacct prints TotalCPU: "MM:SS.mmm"; "[D-]HH:MM:SS" from one hour on, and
// when there are no milliseconds.
std::string FormatCpuTime(absl::Duration cpu);

}  // namespace cram
