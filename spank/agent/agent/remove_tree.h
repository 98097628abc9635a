// Removal of what a sub-job left in its temporary directory.
#pragma once

#include <string>

namespace cram {

// Removes the directory and everything in it, however deep, directories that
// their owner made inaccessible included; follows no symbolic link. True when
// nothing is left: also when it was not there.
bool RemoveTree(const std::string& directory);

}  // namespace cram
