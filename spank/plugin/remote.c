#include "remote.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <slurm/slurm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "cgroup1.h"
#include "cgroup2.h"
#include "options.h"

// Counts as half of the memory less than the task really uses. The agent sets
// its sub-jobs back to 0, so that they go first.
static const char kOomScoreAdjust[] = "-500";

enum { kKillMilliseconds = 3000, kRemoveMilliseconds = 5000 };

static struct cgroup cgroup;  // of slurmstepd; empty path: none

// Not the batch script, the external step or an interactive one.
static int is_users_step(spank_t spank) {
  uint32_t step = NO_VAL;
  return spank_get_item(spank, S_JOB_STEPID, &step) == ESPANK_SUCCESS &&
         step < SLURM_MAX_NORMAL_STEP_ID;
}

// Of the node, in a step of the user's.
static int is_first_task(spank_t spank) {
  int task = -1;
  return is_users_step(spank) &&
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

static void say_none(void) {
  slurm_info("cram: no memory cgroup for sub-jobs: %m");
}

static int get_user(spank_t spank, uid_t* uid, gid_t* gid) {
  return spank_get_item(spank, S_JOB_UID, uid) == ESPANK_SUCCESS &&
                 spank_get_item(spank, S_JOB_GID, gid) == ESPANK_SUCCESS
             ? 0
             : -1;
}

// As many as the agent can want: one a CPU, unless --cram-slots says more.
static int slot_count(spank_t spank) {
  uint16_t cpus = 0;
  if (spank_get_item(spank, S_JOB_NCPUS, &cpus) != ESPANK_SUCCESS) cpus = 0;
  const char* word = options_word("cram-slots");
  long asked = word ? strtol(word, NULL, 10) : 0;
  if (asked < cpus) asked = cpus;
  if (asked < 1) asked = 1;
  return asked < kCgroup2MaxSlots ? (int)asked : kCgroup2MaxSlots;
}

// Root's cgroups, and for the agent what they are and a descriptor for the
// limit of each slot, "7,8,9".
static void make_cgroup2(spank_t spank, const struct cgroup* own) {
  static char limits[kCgroup2MaxSlots * sizeof "1234567"];
  uid_t uid = 0;
  gid_t gid = 0;
  int slots = slot_count(spank);
  if (get_user(spank, &uid, &gid) != 0) return;
  if (cgroup2_make(own, slots, uid, gid) != 0) {
    say_none();
    return;
  }
  size_t size = 0;
  for (int i = 0; i < slots; i++) {
    int fd = cgroup2_open_limit(own, i);
    if (fd < 0) {
      say_none();
      return;
    }
    size += (size_t)snprintf(limits + size, sizeof limits - size, "%s%d",
                             i ? "," : "", fd);
  }
  tell(spank, "CRAM_CGROUP", own->path);
  tell(spank, "CRAM_CGROUP_LIMITS", limits);
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
  // Values that srun inherited would name another run's cgroup.
  spank_unsetenv(spank, "CRAM_CGROUP");
  spank_unsetenv(spank, "CRAM_CGROUP_LIMITS");
  struct cgroup own;
  if (cgroup_find(getpid(), &own) == 0 && own.version == 2) {
    make_cgroup2(spank, &own);
  }
  return 0;
}

int remote_task_post_fork(spank_t spank) {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  struct cgroup own;
  if (!is_users_step(spank) ||
      spank_get_item(spank, S_TASK_PID, &pid) != ESPANK_SUCCESS) {
    return 0;
  }
  int result = cgroup_find(pid, &own);
  if (result == 0 && own.version == 2 && cgroup2_keep_task(pid) != 0) {
    slurm_info("cram: the user keeps a task's own cgroup: %m");
  }
  if (!is_first_task(spank) || get_user(spank, &uid, &gid) != 0) return 0;
  if (result == 0) {
    cgroup = own;
    result = own.version == 1 ? cgroup1_make(&own, uid, gid)
                              : cgroup2_admit(&own, uid, gid);
  }
  if (result != 0) say_none();
  return 0;
}

int remote_task_init(spank_t spank) {
  struct cgroup own;
  if (is_first_task(spank) && cgroup_find(getpid(), &own) == 0 &&
      own.version == 1 && access(own.path, W_OK) == 0) {
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
  if (cgroup.version == 2 && cgroup2_withdraw(&cgroup) != 0) {
    slurm_error("cram: slurmstepd stays out of its cgroup: %m");
  }
  cgroup.path[0] = '\0';
  return 0;
}
