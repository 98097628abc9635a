// What the plugin does in slurmstepd, mostly as root, for a step that was
// started with --cram. This is all of it:
//   - the first task of the node gets an oom_score_adj that spares it, and is
//     told the step's cores and memory;
//   - one memory cgroup is made for the sub-jobs, cgroup1.h and cgroup2.h;
//   - when the task was killed, cram-agent removes, as the user, the files that
//     it could not, sweep.h;
//   - when the task has ended, what is left in the cgroup is killed, and it is
//     removed.
// The directories of all tasks' own cgroups become root's.
// Nothing here fails a job: without a cgroup the agent watches memory itself.
#pragma once

#include <slurm/spank.h>

// In the task, as root, before it becomes the user. It may not be in its own
// cgroup yet, but in one of its step.
int remote_task_init_privileged(spank_t spank);

// In slurmstepd, as root: by now Slurm has put the task into its cgroups, and
// the task waits. The task may still be in the hook above.
int remote_task_post_fork(spank_t spank);

// In slurmstepd, as root. `av` is the plugin's line in plugstack.conf.
int remote_task_exit(spank_t spank, int ac, char** av);
int remote_exit(void);
