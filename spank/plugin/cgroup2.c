#include "cgroup2.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup_files.h"

static const char kName[] = "cram";

// What Slurm may have limited on `user`.
static const char* const kLimits[] = {"memory.max", "memory.high",
                                      "memory.swap.max", "cpuset.cpus",
                                      "cpuset.mems"};

// The path of the process in the file system; ENOENT when it is in no step.
static int find_process(pid_t pid, char* full, size_t room) {
  char mount[PATH_MAX], path[PATH_MAX];
  if (cgroup_mount("cgroup2", NULL, mount, sizeof mount) != 0 ||
      cgroup_path_of(pid, "", path, sizeof path) != 0) {
    return -1;
  }
  char* job = strstr(path, "/job_");
  errno = ENOENT;
  if (!job || !strstr(job, "/step_")) return -1;
  errno = ENAMETOOLONG;
  return snprintf(full, room, "%s%s", mount, path) < (int)room ? 0 : -1;
}

int cgroup2_find(pid_t pid, struct cgroup* cgroup) {
  char path[PATH_MAX];
  cgroup->path[0] = '\0';
  if (find_process(pid, path, sizeof path) != 0) return -1;
  char* step = strstr(strstr(path, "/job_"), "/step_");
  step[1 + strcspn(step + 1, "/")] = '\0';
  int size = snprintf(cgroup->path, sizeof cgroup->path, "%s/%s", path, kName);
  cgroup->version = 2;
  if (size < (int)sizeof cgroup->path) return 0;
  cgroup->path[0] = '\0';
  errno = ENAMETOOLONG;
  return -1;
}

// The directory `name` in `parent`, made if it is not there.
static int make_directory(int parent, const char* name) {
  if (mkdirat(parent, name, 0755) != 0 && errno != EEXIST) return -1;
  return cgroup_open(parent, name);
}

static int give(int directory, const char* file, uid_t uid, gid_t gid) {
  return fchownat(directory, file, uid, gid, AT_SYMLINK_NOFOLLOW);
}

// A limit that is not there is none: a controller that Slurm does not use, a
// kernel without swap accounting.
static int copy_limit(int from, int to, const char* file) {
  char text[4096];
  if (cgroup_read(from, file, text, sizeof text) != 0) {
    return errno == ENOENT ? 0 : -1;
  }
  return text[0] ? cgroup_write(to, file, text) : 0;
}

static int copy_limits(int step, int cram) {
  int user = cgroup_open(step, "user");
  if (user < 0) return -1;
  int result = 0;
  for (size_t i = 0; result == 0 && i < sizeof kLimits / sizeof *kLimits; i++) {
    result = copy_limit(user, cram, kLimits[i]);
  }
  close(user);
  return result;
}

static int make_slot(int cram, int number, uid_t uid, gid_t gid) {
  char name[32];
  snprintf(name, sizeof name, "slot_%d", number);
  int slot = make_directory(cram, name);
  if (slot < 0) return -1;
  // Where swap is not accounted there is no such file.
  (void)cgroup_write(slot, "memory.swap.max", "0");
  // Kernels before 5.14: the agent kills one by one.
  (void)give(slot, "cgroup.kill", uid, gid);
  int result = cgroup_write(slot, "memory.oom.group", "1");
  if (result == 0) {
    result = cgroup_write(slot, "cgroup.subtree_control", "+memory");
  }
  if (result == 0) result = fchown(slot, uid, gid);
  close(slot);
  return result;
}

static int fill(int step, int cram, int slots, uid_t uid, gid_t gid) {
  if (copy_limits(step, cram) != 0 ||
      cgroup_write(cram, "cgroup.subtree_control", "+memory") != 0) {
    return -1;
  }
  for (int i = 0; i < slots; i++) {
    if (make_slot(cram, i, uid, gid) != 0) return -1;
  }
  return give(cram, "cgroup.freeze", uid, gid);
}

// The directory of the step.
static int open_step(const struct cgroup* cgroup) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s", cgroup->path);
  *strrchr(path, '/') = '\0';
  return cgroup_open(AT_FDCWD, path);
}

int cgroup2_make(const struct cgroup* cgroup, int slots, uid_t uid, gid_t gid) {
  int step = open_step(cgroup);
  if (step < 0) return -1;
  int cram = make_directory(step, kName);
  int result = cram >= 0 ? fill(step, cram, slots, uid, gid) : -1;
  int error = errno;
  if (cram >= 0) close(cram);
  close(step);
  errno = error;
  return result;
}

int cgroup2_open_limit(const struct cgroup* cgroup, int slot) {
  char name[32];
  snprintf(name, sizeof name, "slot_%d", slot);
  int cram = cgroup_open(AT_FDCWD, cgroup->path);
  int directory = cram >= 0 ? cgroup_open(cram, name) : -1;
  int fd = directory >= 0
               ? openat(directory, "memory.max", O_WRONLY | O_NOFOLLOW)
               : -1;
  int error = errno;
  if (cram >= 0) close(cram);
  if (directory >= 0) close(directory);
  errno = error;
  return fd;
}

// Where slurmstepd is in the meantime: "<step>.slurmstepd".
static int away_path(const struct cgroup* cgroup, char* path, size_t room) {
  int step = (int)(strrchr(cgroup->path, '/') - cgroup->path);
  errno = ENAMETOOLONG;
  return snprintf(path, room, "%.*s.slurmstepd", step, cgroup->path) < (int)room
             ? 0
             : -1;
}

// Out of the step, unless slurmstepd is outside of it already.
static int leave_step(const struct cgroup* cgroup) {
  char path[PATH_MAX];
  size_t step = (size_t)(strrchr(cgroup->path, '/') - cgroup->path) + 1;
  if (find_process(getpid(), path, sizeof path) != 0) {
    return errno == ENOENT ? 0 : -1;
  }
  if (strncmp(path, cgroup->path, step) != 0) return 0;
  if (away_path(cgroup, path, sizeof path) != 0) return -1;
  int away = make_directory(AT_FDCWD, path);
  if (away < 0) return -1;
  int result = cgroup_write(away, "cgroup.procs", "0");
  close(away);
  return result;
}

int cgroup2_admit(const struct cgroup* cgroup, uid_t uid, gid_t gid) {
  int step = open_step(cgroup);
  if (step < 0) return -1;
  int result = leave_step(cgroup);
  if (result == 0) result = give(step, "cgroup.procs", uid, gid);
  close(step);
  return result;
}

int cgroup2_withdraw(const struct cgroup* cgroup) {
  char away[PATH_MAX];
  int step = open_step(cgroup);
  if (step < 0) return errno == ENOENT ? 0 : -1;
  int result = give(step, "cgroup.procs", 0, 0);
  if (result == 0) result = away_path(cgroup, away, sizeof away);
  if (result == 0 && access(away, F_OK) == 0) {
    // Where Slurm has put it.
    int home = cgroup_open(step, "slurm");
    result = home >= 0 ? cgroup_write(home, "cgroup.procs", "0") : -1;
    if (result == 0) result = rmdir(away);
    if (home >= 0) close(home);
  }
  close(step);
  return result;
}

int cgroup2_keep_task(pid_t pid) {
  char path[PATH_MAX];
  if (find_process(pid, path, sizeof path) != 0) return -1;
  int fd = cgroup_open(AT_FDCWD, path);
  if (fd < 0) return -1;
  int result = fchown(fd, 0, 0);
  close(fd);
  return result;
}
