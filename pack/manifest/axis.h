// Reads the axes of a sweep as people write them.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pack/manifest/manifest.pb.h"

namespace cram {

// NAME=FIRST..LAST[:STEP] (decimals without drift; LAST is included when STEP
// meets it; the values have as many digits after the point as the most exact
// of the three), NAME=a,b,c, NAME=@FILE with a value a line, or
// NAME=DISTRIBUTION(...) (distribution.h).
absl::StatusOr<Axis> ParseAxis(absl::string_view text);

// "A,B": these axes of the sweep advance together. Errors: no such axis, one
// alone, one that is in a group or sampled, unequal lengths.
absl::Status ZipAxes(absl::string_view names, Sweep* sweep);

}  // namespace cram
