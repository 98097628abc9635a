// cgroup v2: kernel's Documentation/admin-guide/cgroup-v2.rst.
//
// Slurm has job_J/step_S/user/task_N, with the step's limits on `user`, and
// calls a step OUT_OF_MEMORY when the kernel has killed for memory anywhere
// below `user` (22.05 to 25.05: memory.events is hierarchical). A sub-job that
// reaches its own cap is no such event. So `cram` is beside `user`:
//
//   job_J                  Slurm's limit of the job holds for all
//     step_S
//       user               the agent
//       cram               the same limits as `user`, set by root
//         slot_0 ...       one a slot, its cap in memory.max
//           run            made by the agent; its sub-job
//     step_S.slurmstepd    slurmstepd meanwhile
//
// The alternative, memory.high below `user` and an agent that kills before the
// kernel does, stays a race, and slows down a program that is near its cap.
//
// What Slurm does to `user` does not reach `cram`: limits are copied, the dead
// are removed here, and the agent stops and continues it (cgroup.freeze).
//
// Who may do what follows from the kernel's rule that to move a process takes
// write permission to cgroup.procs of the target and of the nearest common
// ancestor:
//  - the user owns step_S/cgroup.procs, so that the agent can move a process
//    from user/task_N into slot_K/run, and owns the directory slot_K, so that
//    it can make `run`;
//  - that would allow moving root's processes below step_S as well (the kernel
//    does not ask whose they are), so slurmstepd leaves it for the time;
//  - cgroup.procs of `cram` and of slot_K stay root's, as do the directories
//    user/task_N from now on: a process in a slot does not get out of it;
//  - memory.max of slot_K stays root's: the agent gets it as an open
//    descriptor, its sub-jobs do not.
#pragma once

#include "cgroup.h"

// More than the CPUs of any node; what a user asks for is bounded by it.
enum { kCgroup2MaxSlots = 4096 };

// As cgroup_find. Any process of the step will do, at any time.
int cgroup2_find(pid_t pid, struct cgroup* cgroup);

// Makes it (one that exists already is taken) with `slots` slots for the user,
// who cannot enter them yet.
int cgroup2_make(const struct cgroup* cgroup, int slots, uid_t uid, gid_t gid);

// A descriptor for writing memory.max of a slot; it stays open over execve.
int cgroup2_open_limit(const struct cgroup* cgroup, int slot);

// In slurmstepd: it leaves step_S, then the user may enter. The other undoes
// both, and is no error when nothing was done.
int cgroup2_admit(const struct cgroup* cgroup, uid_t uid, gid_t gid);
int cgroup2_withdraw(const struct cgroup* cgroup);

// Takes the directory of the task's own cgroup from the user, who has no use
// for it but to hide a process in.
int cgroup2_keep_task(pid_t pid);
