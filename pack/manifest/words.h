// Splits a line into words as a POSIX shell does.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cram {

// Quotes, backslashes and comments are a shell's; nothing is expanded: $HOME
// and *.txt stay as they are. Errors: a quote without its end, and what a
// shell would take for an operator (| & ; < > and parentheses, outside of
// quotes) or for a variable to set (NAME=VALUE before the command), as a
// command that is no shell cannot honour it. No words: a blank line or a
// comment.
absl::StatusOr<std::vector<std::string>> SplitWords(absl::string_view line);

}  // namespace cram
