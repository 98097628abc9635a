// Removal of what a sub-job left in its temporary directory.
#pragma once

#include <string>

namespace cram {

// Removes the directory and everything in it, directories that their owner
// made inaccessible included; follows no symbolic link. False when something
// is left.
bool RemoveTree(const std::string& directory);

}  // namespace cram
