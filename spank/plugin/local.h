// What the plugin does in srun, sbatch and salloc, as the user: it hands over
// to cram-launch before anything is allocated.
//
// srun passes three times through one process, told apart by CRAM_PASS:
//   1  the user's srun. It may have no command, and srun would refuse that, so
//      the --cram callback runs srun again with one more word at its end;
//   2  all options are read now, and optind says where the user's command
//      begins (or that there is none): slurm_spank_init_post_opt runs
//      cram-launch, which checks everything and runs srun a last time;
//   3  srun with cram-agent as its command, which is left alone.
//
// sbatch reads its script, from standard input when none is named, before it
// looks at plugins' options. So when --cram may be among its words, it is
// given an empty script there, until the options are known.
#pragma once

#include <slurm/spank.h>

// `av` is the plugin's line in plugstack.conf: prefix=DIR says where cram is
// installed, view that every run has --cram-view.
int local_init(spank_t spank, int ac, char** av);

// Does not return when a --cram option was given and this is not pass 3.
int local_post_opt(void);

// In srun, when the job is allocated and before its step starts: tells the
// agents when it ends. Never fails.
int local_user_init(spank_t spank);
