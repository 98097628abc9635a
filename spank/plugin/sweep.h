// The files that a step has left on this node when all of its processes were
// killed at once, as by `scancel 12.0`: no keeper lived to remove them.
//
// cram-agent removes them, see keeper.h there: as the user, in a cgroup of its
// own below the sub-jobs', with nothing of slurmstepd's, and not for long.
#pragma once

#include <sys/types.h>
#include <time.h>

#include "cgroup.h"

struct sweep {
  uid_t uid;
  gid_t gid;
  char agent[PATH_MAX];  // the program
  time_t since;          // when the step began
  char** environment;    // of the step: which run, and its TMPDIR
};

// Runs it and waits; kills it after so many milliseconds, and waits a second
// more at most. `cgroup` is the sub-jobs', in which nobody is any more; its
// path is empty where there is none. Returns 0, or -1 with errno set.
int sweep_run(const struct sweep* sweep, const struct cgroup* cgroup,
              int milliseconds);
