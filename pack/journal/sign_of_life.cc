#include "pack/journal/sign_of_life.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "pack/base/fd.h"

namespace cram {
namespace {

bool IsHeld(int fd) {
  return flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

}  // namespace

void HoldJournal(int fd) { (void)flock(fd, LOCK_EX | LOCK_NB); }

bool JournalIsHeld(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return fd.valid() && IsHeld(fd.get());
}

bool JournalIsAbandoned(const std::string& path, absl::Time now) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return errno == ENOENT;
  struct stat status;
  return !IsHeld(fd.get()) && fstat(fd.get(), &status) == 0 &&
         now - absl::TimeFromTimespec(status.st_mtim) > kSilence;
}

}  // namespace cram
