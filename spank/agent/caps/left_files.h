// Files that sub-jobs have left in a tmpfs which is not theirs alone.
#pragma once

#include <stdint.h>

#include <set>
#include <string>

#include "absl/time/time.h"
#include "spank/agent/caps/file_id.h"

namespace cram {

inline constexpr char kSharedMemory[] = "/dev/shm";

// Removes from `tmpfs` (/dev/shm) the files of this user that are certain to be
// those of processes of the memory cgroup `directory`. A file is when it
//  - was made at `since` or later: file_id.h;
//  - is not spared, see pack/base/spare_file.h: Linux 6.1;
//  - is open nowhere, and mapped nowhere: sole_use.h;
//  - has memory, and all of it is charged to the cgroup: file_charges.h.
// Whatever else lies there stays: what the user put there before, what another
// step or job of the user's writes meanwhile, what another sub-job still has
// open. So do empty files, and directories, unless a file's removal has left
// them empty.
//
// Returns the bytes removed. Costs one stat(2) when nothing was made or removed
// in `tmpfs` itself since then; where there are files of others as well, some
// milliseconds a file, and after `patience` the rest stays. Agents take turns
// by a lock, flock(2), on `tmpfs`; who gets none within `patience`, or some
// seconds, removes nothing. Only when no process is in the cgroup.
uint64_t RemoveLeftFiles(const std::string& tmpfs, absl::Time since,
                         const std::string& directory,
                         absl::Duration patience = absl::InfiniteDuration());

// The same without a cgroup, of which a file is among those that were `seen` to
// be a sub-job's: seen_files.h. Only when none of its processes is left.
uint64_t RemoveLeftFiles(const std::string& tmpfs, absl::Time since,
                         const std::set<FileId>& seen,
                         absl::Duration patience = absl::InfiniteDuration());

}  // namespace cram
