// Where a program of a given name may be.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace cram {

// The paths to try, as execvp(3): `program` itself when it has a slash, else
// below each directory of `path`, the value of PATH; an empty entry is the
// working directory. Never empty.
// PATH where there is none, as execvp(3) has it.
inline constexpr absl::string_view kDefaultPath = "/bin:/usr/bin";

std::vector<std::string> ProgramPaths(absl::string_view program,
                                      absl::string_view path);

}  // namespace cram
