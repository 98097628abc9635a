// The memory cgroup that the plugin makes on a node for the sub-jobs of a step.
// Its directory is named `cram`; where it is and what is in it depends on the
// version: cgroup1.h, cgroup2.h. In both, its own limits and those of step and
// job above stay root's and hold whatever the user does.
//
// Nothing outside of a mounted cgroup file system is touched, no symbolic link
// followed.
//
// Every function returns 0, or -1 with errno set; none waits longer than it is
// told.
#pragma once

#include <limits.h>
#include <sys/types.h>

struct cgroup {
  int version;          // 1 or 2
  char path[PATH_MAX];  // absolute; empty: none
};

// Where the cgroup of the task `pid` is, or would be. ENOENT: Slurm has put the
// task into no memory cgroup of a job's step.
int cgroup_find(pid_t pid, struct cgroup* cgroup);

// SIGKILL to all in it, again and again until nobody is left; ETIMEDOUT when
// somebody is left all the same.
int cgroup_kill(const struct cgroup* cgroup, int milliseconds);

// Kills and removes it, from the leaves up. No error when it is gone already.
int cgroup_remove(const struct cgroup* cgroup, int milliseconds);
