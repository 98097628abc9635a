// cgroup v1: kernel's Documentation/admin-guide/cgroup-v1/memory.rst.
//
// Slurm has job_J/step_S/task_N, with the step's limit on step_S, and calls a
// step OUT_OF_MEMORY when the kernel has killed for memory in step_S or a
// task_N themselves (the counter is not hierarchical). `cram` is beside the
// tasks:
//
//   job_J
//     step_S          Slurm's limit of the step holds for all; slurmstepd
//       task_0        the agent
//       cram
//         slot_0 ...  one a slot, its cap and its sub-job
//
// To move a process takes write permission to tasks of the target alone, and
// the process has to belong to who opened it. All of this is root's, then, and
// the agent gets open descriptors; sub-jobs do not:
//  - tasks of its slots, opened as the user: it moves the user's processes
//    only. One that root opened would move anybody's. A process that has one
//    thread and enters by itself need not wait there; by cgroup.procs it waits
//    some 10 ms until no thread of the machine can be forking (since Linux
//    5.4: kernel/cgroup/cgroup.c, cgroup_procs_write_start);
//  - the limits, and the peak for resetting it.
// The user owns what can neither raise a cap nor move a process: of a slot,
// memory.force_empty and cgroup.event_control.
//
// Slurm gives the user the directories step_S and task_N, in which he could
// make a cgroup of his own to move to. They become root's, in all steps that
// the job has on the node by now, the batch script's among them; who has made
// one there already cannot enter it any more.
#pragma once

#include "cgroup.h"

// As cgroup_make. A slot's descriptors are those of tasks,
// memory.limit_in_bytes, memory.max_usage_in_bytes (to read as well) and, where
// the kernel accounts swap, memory.memsw.limit_in_bytes.
int cgroup1_make(const struct cgroup* cgroup, int slots, uid_t uid, gid_t gid,
                 int* files);

// As cgroup_keep.
int cgroup1_keep(const struct cgroup* cgroup);
