// Standard output of the commands.
#pragma once

#include <stdint.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace cram {

// "1 sub-job", "2 sub-jobs".
std::string Counted(uint64_t count, absl::string_view noun);

// Error: it cannot be written. A reader that has gone away, as `head` does,
// ends the program quietly by SIGPIPE.
absl::Status Print(absl::string_view text);

// Must be called after the last Print: what is still buffered may not fit.
absl::Status FlushPrinted();

}  // namespace cram
