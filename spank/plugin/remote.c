#include "remote.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <slurm/slurm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cgroup2.h"
#include "installed.h"
#include "options.h"
#include "sweep.h"

// Counts as half of the memory less than the task really uses. The agent sets
// its sub-jobs back to 0, so that they go first.
static const char kOomScoreAdjust[] = "-500";

enum {
  kEndMilliseconds = 5000,  // the kernel takes some for hundreds of gigabytes
  kSweepMilliseconds = 10000,  // some hundredths of a second, mostly
  kTaskExitMilliseconds = 3000,
  kExitMilliseconds = 5000,
};

// Of slurmstepd.
static struct cgroup cgroup;  // empty path: none
static time_t began;

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
  return asked < kCgroupMaxSlots ? (int)asked : kCgroupMaxSlots;
}

// Root's cgroups, and for the agent what they are and the descriptors by which
// it limits them, "7,8,9".
static void make_cgroup(spank_t spank) {
  static int files[kCgroupMaxSlots * kCgroupMaxSlotFiles];
  static char numbers[sizeof files / sizeof *files * sizeof "123456"];
  struct cgroup own;
  uid_t uid = 0;
  gid_t gid = 0;
  if (get_user(spank, &uid, &gid) != 0) return;
  int count = cgroup_find(getpid(), &own) == 0
                  ? cgroup_make(&own, slot_count(spank), uid, gid, files)
                  : -1;
  if (count < 0) {
    slurm_info("cram: no memory cgroup for sub-jobs: %m");
    return;
  }
  size_t size = 0;
  for (int i = 0; i < count; i++) {
    fcntl(files[i], F_SETFD, 0);
    size += (size_t)snprintf(numbers + size, sizeof numbers - size, "%s%d",
                             i ? "," : "", files[i]);
  }
  tell(spank, "CRAM_CGROUP", own.path);
  tell(spank, "CRAM_CGROUP_FILES", numbers);
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
  spank_unsetenv(spank, "CRAM_CGROUP_FILES");
  make_cgroup(spank);
  return 0;
}

int remote_task_post_fork(spank_t spank) {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  struct cgroup own;
  if (is_first_task(spank)) began = time(NULL);
  // That there is none the task has said.
  if (!is_users_step(spank) ||
      spank_get_item(spank, S_TASK_PID, &pid) != ESPANK_SUCCESS ||
      cgroup_find(pid, &own) != 0) {
    return 0;
  }
  if (cgroup_keep(&own, pid) != 0) {
    slurm_info("cram: the user keeps a task's own cgroup: %m");
  }
  if (!is_first_task(spank) || get_user(spank, &uid, &gid) != 0) return 0;
  cgroup = own;
  if (own.version == 2 && cgroup2_admit(&own, uid, gid) != 0) {
    slurm_info("cram: sub-jobs cannot enter their memory cgroup: %m");
  }
  return 0;
}

static int was_killed(spank_t spank) {
  int status = 0;
  return spank_get_item(spank, S_TASK_EXIT_STATUS, &status) == ESPANK_SUCCESS &&
         WIFSIGNALED(status);
}

// "NAME=value" into `word`, as the task has it; returns it, NULL when it has
// none or it is too long.
static char* task_variable(spank_t spank, const char* name, char* word,
                           size_t room) {
  size_t begin = strlen(name) + 1;
  snprintf(word, room, "%s=", name);
  return spank_getenv(spank, name, word + begin, (int)(room - begin)) ==
                 ESPANK_SUCCESS
             ? word
             : NULL;
}

static void run_sweep(spank_t spank, int ac, char** av) {
  static const char* const kNames[] = {"SLURM_JOB_ID", "SLURM_STEP_ID",
                                       "SLURM_RESTART_COUNT", "TMPDIR"};
  enum { NAMES = sizeof kNames / sizeof *kNames };
  static char words[NAMES + 1][PATH_MAX + 32];
  char* environment[NAMES + 2] = {NULL};
  struct sweep sweep = {.since = began, .environment = environment};
  if (get_user(spank, &sweep.uid, &sweep.gid) != 0 ||
      installed_path("cram-agent", ac, av, sweep.agent, sizeof sweep.agent) !=
          0) {
    return;
  }
  int count = 0;
  for (int i = 0; i < NAMES; i++) {
    char* word = task_variable(spank, kNames[i], words[i], sizeof words[i]);
    if (word) environment[count++] = word;
  }
  if (cgroup.path[0]) {
    snprintf(words[NAMES], sizeof words[NAMES], "CRAM_CGROUP=%s", cgroup.path);
    environment[count++] = words[NAMES];
  }
  if (sweep_run(&sweep, &cgroup, kSweepMilliseconds) != 0) {
    slurm_info("cram: files of the step may be left: %m");
  }
}

int remote_task_exit(spank_t spank, int ac, char** av) {
  if (!is_first_task(spank)) return 0;
  // Else the keeper has done it.
  if (was_killed(spank) && cgroup_end(&cgroup, kEndMilliseconds) == 0) {
    run_sweep(spank, ac, av);
  }
  // Before Slurm removes the cgroup of the step.
  if (cgroup.path[0] && cgroup_remove(&cgroup, kTaskExitMilliseconds) != 0) {
    slurm_info("cram: cannot yet remove %s: %m", cgroup.path);
  }
  return 0;
}

int remote_exit(void) {
  if (!cgroup.path[0]) return 0;
  if (cgroup_remove(&cgroup, kExitMilliseconds) != 0) {
    slurm_error("cram: cannot remove %s: %m", cgroup.path);
  }
  if (cgroup.version == 2 && cgroup2_withdraw(&cgroup) != 0) {
    slurm_error("cram: slurmstepd stays out of its cgroup: %m");
  }
  cgroup.path[0] = '\0';
  return 0;
}
