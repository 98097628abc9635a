// Which file it is, and whether it may be a sub-job's.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <string>
#include <tuple>

#include "absl/time/time.h"

namespace cram {

// As the kernel tells files that are there from each other.
struct FileId {
  dev_t device = 0;
  ino_t inode = 0;

  friend bool operator<(const FileId& a, const FileId& b) {
    return std::tie(a.device, a.inode) < std::tie(b.device, b.inode);
  }
  friend bool operator==(const FileId& a, const FileId& b) {
    return a.device == b.device && a.inode == b.inode;
  }
};
FileId IdOf(const struct statx& status);

// What the kernel's clock for files may be late by.
inline constexpr absl::Duration kFileClockTick = absl::Milliseconds(10);

// Whether something was made in the directory, or removed from it, at `since`
// or later. One stat(2).
bool HasChangedSince(const std::string& directory, absl::Time since);

// Whether it is this user's and was made at `since` or later: statx(2), of a
// tmpfs since Linux 5.18. False where the kernel does not tell.
bool IsOursSince(const struct statx& status, absl::Time since);
constexpr unsigned kOursSinceMask = STATX_BASIC_STATS | STATX_BTIME;

}  // namespace cram
