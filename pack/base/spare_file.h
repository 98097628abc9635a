// Which files in memory are not taken for what a sub-job left.
#pragma once

#include <sys/stat.h>

namespace cram {

// Marks a file that a user asked for, as that of a sub-job's output, when it is
// in a tmpfs: by the attribute `d` of chattr(1), which nothing else heeds there
// and which everybody may give to a file of his own (Linux 6.1). Elsewhere, and
// where it cannot be done, it does nothing.
void SpareFile(int fd);

// Whether it has that mark, by statx(2); true where the kernel does not tell.
bool IsSpared(const struct statx& status);

}  // namespace cram
