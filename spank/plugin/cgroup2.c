#include "cgroup2.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup_files.h"

// What Slurm may have limited on `user`.
static const char* const kLimits[] = {"memory.max", "memory.high",
                                      "memory.swap.max", "cpuset.cpus",
                                      "cpuset.mems"};

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
  int slot = cgroup_make_directory(cram, name);
  if (slot < 0) return -1;
  // Where swap is not accounted there is no such file.
  (void)cgroup_write(slot, "memory.swap.max", "0");
  // Kernels before 5.14: the agent kills one by one.
  (void)cgroup_give(slot, "cgroup.kill", uid, gid);
  int result = cgroup_write(slot, "memory.oom.group", "1");
  if (result == 0) {
    result = cgroup_write(slot, "cgroup.subtree_control", "+memory");
  }
  if (result == 0) result = fchown(slot, uid, gid);
  close(slot);
  return result;
}

// So that what the user makes in his slots can be removed, and in time. Kernels
// before 4.14 have no such limits.
static void bound(int cram) {
  char depth[16];
  snprintf(depth, sizeof depth, "%d", kCgroupMaxDepth);
  (void)cgroup_write(cram, "cgroup.max.depth", depth);
  (void)cgroup_write(cram, "cgroup.max.descendants", "10000");
}

static int fill(int step, int cram, int slots, uid_t uid, gid_t gid) {
  bound(cram);
  if (copy_limits(step, cram) != 0 ||
      cgroup_write(cram, "cgroup.subtree_control", "+memory") != 0) {
    return -1;
  }
  for (int i = 0; i < slots; i++) {
    if (make_slot(cram, i, uid, gid) != 0) return -1;
  }
  return cgroup_give(cram, "cgroup.freeze", uid, gid);
}

static int open_limit(int cram, int slot) {
  char name[32];
  snprintf(name, sizeof name, "slot_%d", slot);
  int directory = cgroup_open(cram, name);
  if (directory < 0) return -1;
  int fd = openat(directory, "memory.max", O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
  int error = errno;
  close(directory);
  errno = error;
  return fd;
}

int cgroup2_make(const struct cgroup* cgroup, int slots, uid_t uid, gid_t gid,
                 int* files) {
  int step = cgroup_open_above(cgroup->path);
  if (step < 0) return -1;
  int cram = cgroup_make_directory(step, strrchr(cgroup->path, '/') + 1);
  int result = cram >= 0 ? fill(step, cram, slots, uid, gid) : -1;
  for (int i = 0; result == 0 && i < slots; i++) {
    files[i] = open_limit(cram, i);
    if (files[i] < 0) result = -1;
  }
  int error = errno;
  if (cram >= 0) close(cram);
  close(step);
  errno = error;
  return result == 0 ? slots : -1;
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
  if (cgroup_directory_of(getpid(), 2, path, sizeof path) != 0) {
    return errno == ENOENT ? 0 : -1;
  }
  if (strncmp(path, cgroup->path, step) != 0) return 0;
  if (away_path(cgroup, path, sizeof path) != 0) return -1;
  int away = cgroup_make_directory(AT_FDCWD, path);
  if (away < 0) return -1;
  int result = cgroup_write(away, "cgroup.procs", "0");
  close(away);
  return result;
}

int cgroup2_admit(const struct cgroup* cgroup, uid_t uid, gid_t gid) {
  int step = cgroup_open_above(cgroup->path);
  if (step < 0) return -1;
  int result = leave_step(cgroup);
  if (result == 0) result = cgroup_give(step, "cgroup.procs", uid, gid);
  close(step);
  return result;
}

int cgroup2_withdraw(const struct cgroup* cgroup) {
  char away[PATH_MAX];
  int step = cgroup_open_above(cgroup->path);
  if (step < 0) return errno == ENOENT ? 0 : -1;
  int result = cgroup_give(step, "cgroup.procs", 0, 0);
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

int cgroup2_keep(pid_t task) {
  char path[PATH_MAX];
  if (cgroup_directory_of(task, 2, path, sizeof path) != 0) return -1;
  int fd = cgroup_open(AT_FDCWD, path);
  if (fd < 0) return -1;
  int result = fchown(fd, 0, 0);
  close(fd);
  return result;
}
