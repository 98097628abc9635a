// Some sub-jobs of a manifest as a manifest of their own.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "pack/base/index_set.h"
#include "pack/manifest/reader.h"
#include "pack/manifest/writer.h"

namespace cram {

// Adds the sub-jobs `indexes` of `from` to `to`, in their order and one at a
// time. Each is the same by content hash, and {index} stays the number that it
// was, wherever it stands, although CRAM_INDEX becomes another: outputs must
// not take the names of those that are not copied. What sub-jobs lack of a
// command becomes `command`, which `from` must have been given as well. `from`
// has no variables of the run. Errors: damage; an output's name that has both
// {index} and a variable of the run, when no other text has {index}.
absl::Status CopySubJobs(ManifestReader* from,
                         const std::vector<std::string>& command,
                         const IndexSet& indexes, ManifestWriter* to);

// `text`, a template, with {index} and {index:SPEC} being {name}, {name:SPEC}.
std::string WithIndexNamed(absl::string_view text, absl::string_view name);

}  // namespace cram
