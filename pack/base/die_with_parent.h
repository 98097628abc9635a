// Children that nobody should have to look for.
#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace cram {

// In a child: it is killed when its parent ends, or ends now when that was
// faster than we are. `parent` is the getpid() of before the fork. Only
// async-signal-safe calls.
inline void DieWithParent(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
}

}  // namespace cram
