// What another program prints.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace cram {

// Runs argv[0], which is a path, and gives its standard output; it reads
// nothing, and its complaints are lost. None: it cannot be started, ends with
// another status than 0, or has not ended after `patience`, when it is killed.
std::optional<std::string> OutputOf(const std::vector<std::string>& argv,
                                    absl::Duration patience);

}  // namespace cram
