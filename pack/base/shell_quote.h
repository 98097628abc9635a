// Words written so that a shell, or a person's clipboard, reads them back.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace cram {

// `word` as it is when it is plain, else in single quotes.
std::string ShellQuote(absl::string_view word);

// Quoted words joined by blanks: a command, whose first word sets no variable.
std::string ShellJoin(const std::vector<std::string>& words);

}  // namespace cram
