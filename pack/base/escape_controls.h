// Text from anywhere, for a line of a terminal.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace cram {

// Control characters as \n, \t, \033; everything else as it is.
std::string EscapeControls(absl::string_view text);

}  // namespace cram
