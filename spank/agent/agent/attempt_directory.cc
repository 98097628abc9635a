#include "spank/agent/agent/attempt_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "pack/base/clock.h"
#include "pack/base/io.h"
#include "spank/agent/agent/remove_tree.h"

namespace cram {
namespace {

// What a file system takes for one and the same time is shorter.
constexpr absl::Duration kClockTicks = absl::Seconds(2);

}  // namespace

AttemptDirectory::~AttemptDirectory() {
  if (!path_.empty()) RemoveTree(path_);
}

absl::Status AttemptDirectory::Prepare() {
  if (!path_.empty()) return absl::OkStatus();
  std::string path = absl::StrCat(parent_, "/", slot_, ".", made_++);
  // A sub-job may have removed what is above its own as well.
  mkdir(parent_.c_str(), 0700);
  if (mkdir(path.c_str(), 0700) != 0) return ErrnoStatus("mkdir", path, errno);
  path_ = std::move(path);
  fd_.reset(open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat status;
  if (!fd_.valid() || fstat(fd_.get(), &status) != 0) {
    return ErrnoStatus("open", path_, errno);
  }
  inode_ = status.st_ino;
  return absl::OkStatus();
}

// Still there, not put in another's place, with the mode that we gave it, and
// nothing in it. Only the kernel sets st_ctime: for as long as that stays, so
// does all this, and the directory need not be read.
bool AttemptDirectory::IsAsMade() {
  struct stat status;
  if (lstat(path_.c_str(), &status) != 0 || status.st_ino != inode_) {
    return false;
  }
  const timespec& changed = status.st_ctim;
  bool unchanged =
      changed.tv_sec == changed_.tv_sec && changed.tv_nsec == changed_.tv_nsec;
  if (unchanged && settled_) return true;
  Instant now = MonotonicNow();
  if ((status.st_mode & 07777) != 0700 || !HoldsNothing()) return false;
  settled_ = unchanged && now - changed_seen_ > kClockTicks;
  if (!unchanged) changed_seen_ = now;
  changed_ = changed;
  return true;
}

bool AttemptDirectory::HoldsNothing() {
  // Room for "." and ".." and a little: anything more is a third entry.
  alignas(8) char entries[256];
  lseek(fd_.get(), 0, SEEK_SET);
  long bytes = syscall(SYS_getdents64, fd_.get(), entries, sizeof entries);
  constexpr long kTwoEntries = 48;
  return bytes == kTwoEntries;
}

void AttemptDirectory::Empty() {
  if (path_.empty() || IsAsMade()) return;
  RemoveTree(path_);
  path_.clear();
}

}  // namespace cram
