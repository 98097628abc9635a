// What is in a directory of a tmpfs, and in those below it.
#pragma once

#include <sys/stat.h>

#include <functional>

#include "pack/base/fd.h"

namespace cram {

// Calls `look` with this user's regular files below `directory`: the directory
// that each is in, its name there and what it is. Descends into no other file
// system, sixteen deep at most, follows no link, and ends after 10,000 names.
void ForFilesBelow(UniqueFd directory,
                   const std::function<void(int directory, const char* name,
                                            const struct stat& status)>& look);

}  // namespace cram
