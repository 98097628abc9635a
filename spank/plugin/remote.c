#include "remote.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <slurm/slurm.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "cgroup.h"

// Counts as half of the memory less than the task really uses. The agent sets
// its sub-jobs back to 0, so that they go first.
static const char kOomScoreAdjust[] = "-500";

enum { kKillMilliseconds = 3000, kRemoveMilliseconds = 5000 };

static struct cgroup cgroup;  // of slurmstepd; empty path: none

// The first task of the node in a step of the user's: not the batch script, the
// external step or an interactive one.
static int is_first_task(spank_t spank) {
  uint32_t step = NO_VAL;
  int task = -1;
  return spank_get_item(spank, S_JOB_STEPID, &step) == ESPANK_SUCCESS &&
         step < SLURM_MAX_NORMAL_STEP_ID &&
         spank_get_item(spank, S_TASK_ID, &task) == ESPANK_SUCCESS && task == 0;
}

static void spare_from_oom_killer(void) {
  static const char path[] = "/proc/self/oom_score_adj";
  ssize_t size = sizeof kOomScoreAdjust - 1;
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, kOomScoreAdjust, (size_t)size) != size) {
    slurm_info("cram: write %s: %m", path);
  }
  if (fd >= 0) close(fd);
}

static void tell(spank_t spank, const char* name, const char* value) {
  spank_err_t error = spank_setenv(spank, name, value, 1);
  if (error != ESPANK_SUCCESS) {
    slurm_info("cram: set %s: %s", name, spank_strerror(error));
  }
}

int remote_task_init_privileged(spank_t spank) {
  if (!is_first_task(spank)) return 0;
  spare_from_oom_killer();
  char* cores = NULL;
  if (spank_get_item(spank, S_STEP_ALLOC_CORES, &cores) == ESPANK_SUCCESS &&
      cores) {
    tell(spank, "CRAM_STEP_CORES", cores);
  }
  uint64_t megabytes = 0;
  if (spank_get_item(spank, S_STEP_ALLOC_MEM, &megabytes) == ESPANK_SUCCESS &&
      megabytes) {
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, megabytes);
    tell(spank, "CRAM_STEP_MEM_MB", text);
  }
  // A value that srun inherited would name another run's cgroup.
  spank_unsetenv(spank, "CRAM_CGROUP");
  return 0;
}

int remote_task_post_fork(spank_t spank) {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  if (!is_first_task(spank) ||
      spank_get_item(spank, S_TASK_PID, &pid) != ESPANK_SUCCESS ||
      spank_get_item(spank, S_JOB_UID, &uid) != ESPANK_SUCCESS ||
      spank_get_item(spank, S_JOB_GID, &gid) != ESPANK_SUCCESS) {
    return 0;
  }
  if (cgroup_find(pid, &cgroup) != 0 || cgroup_make(&cgroup, uid, gid) != 0) {
    slurm_info("cram: no memory cgroup for sub-jobs: %m");
    cgroup.path[0] = '\0';
  }
  return 0;
}

int remote_task_init(spank_t spank) {
  struct cgroup own;
  if (is_first_task(spank) && cgroup_find(getpid(), &own) == 0 &&
      access(own.path, W_OK) == 0) {
    tell(spank, "CRAM_CGROUP", own.path);
  }
  return 0;
}

int remote_task_exit(spank_t spank) {
  if (cgroup.path[0] && is_first_task(spank) &&
      cgroup_kill(&cgroup, kKillMilliseconds) != 0) {
    slurm_info("cram: processes are left in %s: %m", cgroup.path);
  }
  return 0;
}

int remote_exit(void) {
  if (!cgroup.path[0]) return 0;
  if (cgroup_remove(&cgroup, kRemoveMilliseconds) != 0) {
    slurm_error("cram: cannot remove %s: %m", cgroup.path);
  }
  cgroup.path[0] = '\0';
  return 0;
}
