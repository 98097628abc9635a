// The one memory cgroup that the plugin makes on a node, and the only part of
// it that knows a cgroup version (v1; kernel's Documentation/admin-guide/
// cgroup-v1/memory.rst).
//
// The directory is `cram` below the task's own memory cgroup. It belongs to the
// user, who makes leaves in it, one level deep, and sets their limits; its own
// limit files stay root's, and the limits of step and job above hold whatever
// the user does. Nothing outside of a mounted cgroup file system is touched,
// no symbolic link followed.
//
// Every function returns 0, or -1 with errno set; none waits longer than it is
// told.
#pragma once

#include <limits.h>
#include <sys/types.h>

struct cgroup {
  char path[PATH_MAX];  // absolute
};

// Where the cgroup of the task `pid` is, or would be. ENOENT: Slurm has put the
// task into no memory cgroup of a job's step.
int cgroup_find(pid_t pid, struct cgroup* cgroup);

// Makes it (one that exists already is taken) and gives it to the user.
int cgroup_make(const struct cgroup* cgroup, uid_t uid, gid_t gid);

// SIGKILL to all in it, again and again until nobody is left; ETIMEDOUT when
// somebody is left all the same.
int cgroup_kill(const struct cgroup* cgroup, int milliseconds);

// Kills and removes it, from the leaves up. No error when it is gone already.
int cgroup_remove(const struct cgroup* cgroup, int milliseconds);
