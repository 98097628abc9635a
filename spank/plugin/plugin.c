// The hooks that Slurm calls, and nothing else: a table of contents.
//
//   srun, sbatch, salloc   local.h    as the user, before anything is allocated
//   slurmstepd             remote.h   as root, for a step that uses --cram
//   slurmd                            nothing
//
// The plugin is loaded into all of them, so it needs libc alone, keeps its
// state in plain structs and parses no file of a user's. Every hook returns 0
// or -1: slurmstepd would take an ESPANK code for success.
#include <slurm/spank.h>

#include "local.h"
#include "options.h"
#include "remote.h"

SPANK_PLUGIN(cram, 1)

static int is_local(void) {
  spank_context_t context = spank_context();
  return context == S_CTX_LOCAL || context == S_CTX_ALLOCATOR;
}

static int is_remote(void) {
  return options_cram_given() && spank_context() == S_CTX_REMOTE;
}

int slurm_spank_init(spank_t spank, int ac, char** av) {
  if (is_local()) return local_init(spank, ac, av);
  if (spank_context() == S_CTX_REMOTE) return options_register(spank);
  return 0;
}

int slurm_spank_init_post_opt(spank_t spank, int ac, char** av) {
  (void)spank, (void)ac, (void)av;
  return is_local() ? local_post_opt() : 0;
}

int slurm_spank_local_user_init(spank_t spank, int ac, char** av) {
  (void)ac, (void)av;
  return is_local() ? local_user_init(spank) : 0;
}

int slurm_spank_task_init_privileged(spank_t spank, int ac, char** av) {
  (void)ac, (void)av;
  return is_remote() ? remote_task_init_privileged(spank) : 0;
}

int slurm_spank_task_post_fork(spank_t spank, int ac, char** av) {
  (void)ac, (void)av;
  return is_remote() ? remote_task_post_fork(spank) : 0;
}

int slurm_spank_task_exit(spank_t spank, int ac, char** av) {
  return is_remote() ? remote_task_exit(spank, ac, av) : 0;
}

int slurm_spank_exit(spank_t spank, int ac, char** av) {
  (void)spank, (void)ac, (void)av;
  return is_remote() ? remote_exit() : 0;
}
