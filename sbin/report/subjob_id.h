// The id of a sub-job as reports print it: its run's, and its index.
#pragma once

#include <optional>
#include <string>

namespace cram {

// Of "12.0_17" the index, "17", leaving "12.0"; none: `run` is no such id and
// stays as it is, as does the name of a file that is there.
std::optional<std::string> TakeIndex(std::string* run);

}  // namespace cram
