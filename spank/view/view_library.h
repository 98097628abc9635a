// Where libcram-view.so is.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cram {

// The installed library, seen from `program`, a path of cram-agent or
// cram-launch. Fails when it cannot be read there, or when its path cannot
// stand in LD_PRELOAD (ld.so(8)): blanks and colons separate names there, and a
// dollar begins a token.
absl::StatusOr<std::string> FindViewLibrary(absl::string_view program);

// LD_PRELOAD with the library behind what the user preloads: it is the user's
// that has the last word, and some (AddressSanitizer's) have to come first.
std::string PreloadWith(absl::string_view users, absl::string_view library);

}  // namespace cram
