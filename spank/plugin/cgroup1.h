// cgroup v1: kernel's Documentation/admin-guide/cgroup-v1/memory.rst.
//
// `cram` is below the task's own memory cgroup, so all that holds for the task
// holds for it. It belongs to the user, who makes leaves in it, one level deep,
// and sets their limits.
#pragma once

#include "cgroup.h"

// As cgroup_find. The task has to be where Slurm puts it: after the fork hook.
int cgroup1_find(pid_t pid, struct cgroup* cgroup);

// Makes it (one that exists already is taken) and gives it to the user.
int cgroup1_make(const struct cgroup* cgroup, uid_t uid, gid_t gid);
