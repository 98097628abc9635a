#include "spank/agent/agent/left_alone.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

namespace cram {

// NFS wants a file that is open for writing, for an exclusive lock.
LeftAlone::LeftAlone(const std::string& path)
    : file_(open(path.c_str(), O_RDWR | O_CLOEXEC)) {
  (void)flock(file_.get(), LOCK_SH | LOCK_NB);
}

// Without its own lock first, which over NFS it would keep when it is refused.
bool LeftAlone::IsLast() {
  (void)flock(file_.get(), LOCK_UN);
  return flock(file_.get(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

}  // namespace cram
