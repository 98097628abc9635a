// The packed output of an attempt.
#pragma once

#include <stddef.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "pack/journal/output_writer.h"
#include "sbin/report/run.h"

namespace cram {

// Delivers what the attempt wrote to `stream`. Errors: its output was not
// packed (NOT_FOUND), or a part of it is lost (DATA_LOSS; what is there was
// delivered), or the file cannot be read.
absl::Status ReadAttemptOutput(
    const Run& run, const Attempt& attempt, OutputStream stream,
    const std::function<void(absl::string_view)>& deliver);

// The last lines of its stderr, at most `count`; none when there are none.
std::vector<std::string> LastErrorLines(const Run& run, const Attempt& attempt,
                                        size_t count);

}  // namespace cram
