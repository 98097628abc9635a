#include "spank/agent/caps/sole_use.h"

#include <fcntl.h>
#include <signal.h>

namespace cram {

SoleUse::SoleUse(int fd)
    : fd_(fd),
      held_(fcntl(fd, F_SETSIG, SIGURG) == 0 &&
            fcntl(fd, F_SETLEASE, F_WRLCK) == 0) {}

SoleUse::~SoleUse() {
  if (held_) fcntl(fd_, F_SETLEASE, F_UNLCK);
}

}  // namespace cram
