// Scripts that are kept in the manifest: how a sub-job runs one.
#pragma once

#include <stddef.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace cram {

// A command that cannot be longer than the kernel's argument space, of which
// a sub-job's environment needs some, too.
inline constexpr size_t kMaxScriptBytes = 1 << 20;

// Whether sbatch would take it: text whose first line names an interpreter
// ("#!/bin/bash"), without NULs and DOS line ends; and no longer than the
// above.
absl::Status CheckScript(absl::string_view text);

// The command that writes `text` to a file in TMPDIR and becomes its
// interpreter, as execve(2) would have it: no more than one argument before
// the file, which needs not be executable. `words` are what the script is
// called and its arguments. Requires CheckScript.
std::vector<std::string> ScriptCommand(absl::string_view text,
                                       absl::Span<const std::string> words);

}  // namespace cram
