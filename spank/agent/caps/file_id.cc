#include "spank/agent/caps/file_id.h"

#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

namespace cram {

FileId IdOf(const struct statx& status) {
  return {makedev(status.stx_dev_major, status.stx_dev_minor), status.stx_ino};
}

bool HasChangedSince(const std::string& directory, absl::Time since) {
  struct stat status;
  return stat(directory.c_str(), &status) == 0 &&
         absl::TimeFromTimespec(status.st_mtim) >= since - kFileClockTick;
}

bool IsOursSince(const struct statx& status, absl::Time since) {
  if ((status.stx_mask & STATX_BTIME) == 0 || status.stx_uid != geteuid()) {
    return false;
  }
  timespec made = {status.stx_btime.tv_sec, status.stx_btime.tv_nsec};
  return absl::TimeFromTimespec(made) >= since - kFileClockTick;
}

}  // namespace cram
