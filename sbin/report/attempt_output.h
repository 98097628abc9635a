// The packed output of an attempt.
#pragma once

#include <stddef.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "pack/journal/output_reader.h"
#include "pack/journal/output_writer.h"
#include "sbin/report/manifest_lookup.h"
#include "sbin/report/run.h"

namespace cram {

// Delivers what the attempt wrote to `stream`, of several nodes one after the
// other; where bytes were left out, a line that says so. Errors: its output was
// not packed (NOT_FOUND), or a part of it is lost (DATA_LOSS; what is there was
// delivered), or the file cannot be read.
absl::Status ReadAttemptOutput(
    const Run& run, const Attempt& attempt, OutputStream stream,
    const std::function<void(const OutputPiece&)>& deliver);

// The last lines of its stderr, at most `count` and 1 KiB; none when there are
// none.
std::vector<std::string> LastErrorLines(const Run& run, const Attempt& attempt,
                                        size_t count);

// Whether its stderr was packed: not when all output of the run went elsewhere,
// or when the manifest names a file for it.
bool ErrorsArePacked(const Run& run, const Attempt& attempt,
                     ManifestLookup* manifest);

}  // namespace cram
