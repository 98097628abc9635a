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

// As cgroup_make, with one descriptor a slot, for writing memory.max. The user
// cannot enter a slot yet.
int cgroup2_make(const struct cgroup* cgroup, int slots, uid_t uid, gid_t gid,
                 int* files);

// In slurmstepd: it leaves step_S, then the user may enter. The other undoes
// both, and is no error when nothing was done.
int cgroup2_admit(const struct cgroup* cgroup, uid_t uid, gid_t gid);
int cgroup2_withdraw(const struct cgroup* cgroup);

// As cgroup_keep.
int cgroup2_keep(pid_t task);
