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

enum {
  // More than the CPUs of any node; what a user asks for is bounded by it.
  kCgroupMaxSlots = 4096,
  kCgroupMaxSlotFiles = 4,
  // Of cgroups in `cram`; what is deeper is not removed.
  kCgroupMaxDepth = 16,
};

// Where `cram` is, or would be, for the step of the process, which may be any
// of the step's. ENOENT: Slurm has put it into no memory cgroup of a step.
int cgroup_find(pid_t pid, struct cgroup* cgroup);

// Makes it with `slots` slots for the user. Returns how many descriptors are in
// `files`, those of one slot after those of the other, as many for each. They
// are close-on-exec, and for the agent alone, which limits its sub-jobs through
// them.
int cgroup_make(const struct cgroup* cgroup, int slots, uid_t uid, gid_t gid,
                int files[kCgroupMaxSlots * kCgroupMaxSlotFiles]);

// Takes from the user the directories that Slurm has given him, who has no use
// for them but to hide a process in: with v2 that of the task's own cgroup,
// with v1 those of all the job's steps and tasks. Slurm has to be done with the
// task.
int cgroup_keep(const struct cgroup* cgroup, pid_t task);

// Kills all in it, again and again until nobody is left; ETIMEDOUT when
// somebody is all the same. No error when it is gone already.
int cgroup_end(const struct cgroup* cgroup, int milliseconds);

// Kills all in it and removes it, from the leaves up, again and again until it
// is gone; ETIMEDOUT or EBUSY when somebody is left all the same. No error when
// it is gone already.
int cgroup_remove(const struct cgroup* cgroup, int milliseconds);
