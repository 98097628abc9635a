#include "cgroup1.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup_files.h"

enum { kRemoveMilliseconds = 1000, kSafely = O_NOFOLLOW | O_CLOEXEC };

// The way in, opened by the user, whose it is for that moment only.
static int open_entry(int slot, uid_t uid) {
  int fd = -1;
  if (cgroup_give(slot, "tasks", uid, 0) != 0) return -1;
  if (seteuid(uid) == 0) {
    fd = openat(slot, "tasks", O_WRONLY | kSafely);
    int error = errno;
    if (seteuid(0) != 0) return -1;
    errno = error;
  }
  return cgroup_give(slot, "tasks", 0, 0) == 0 ? fd : -1;
}

// Returns how many files of the slot are open; -1: one of them is not.
static int open_slot(int slot, uid_t uid, int* files) {
  files[0] = open_entry(slot, uid);
  files[1] = openat(slot, "memory.limit_in_bytes", O_WRONLY | kSafely);
  files[2] = openat(slot, "memory.max_usage_in_bytes", O_RDWR | kSafely);
  if (files[0] < 0 || files[1] < 0 || files[2] < 0) return -1;
  files[3] = openat(slot, "memory.memsw.limit_in_bytes", O_WRONLY | kSafely);
  if (files[3] >= 0) return 4;
  return errno == ENOENT ? 3 : -1;
}

static int make_slot(int cram, int number, uid_t uid, gid_t gid, int* files) {
  char name[32];
  snprintf(name, sizeof name, "slot_%d", number);
  int slot = cgroup_make_directory(cram, name);
  if (slot < 0) return -1;
  int result = cgroup_give(slot, "memory.force_empty", uid, gid);
  if (result == 0) {
    result = cgroup_give(slot, "cgroup.event_control", uid, gid);
  }
  if (result == 0) result = open_slot(slot, uid, files);
  int error = errno;
  close(slot);
  errno = error;
  return result;
}

static int make_slots(int cram, int slots, uid_t uid, gid_t gid, int* files) {
  int count = 0;
  for (int i = 0; i < slots; i++) {
    int opened = make_slot(cram, i, uid, gid, files + count);
    if (opened < 0) return -1;
    count += opened;
  }
  return count;
}

// While slots are made, nobody else gets into `cram`.
static int make_empty(const struct cgroup* cgroup) {
  int step = cgroup_open_above(cgroup->path);
  const char* name = strrchr(cgroup->path, '/') + 1;
  if (step < 0) return -1;
  int cram = mkdirat(step, name, 0700) == 0 ? cgroup_open(step, name) : -1;
  int error = errno;
  close(step);
  errno = error;
  return cram;
}

int cgroup1_make(const struct cgroup* cgroup, int slots, uid_t uid, gid_t gid,
                 int* files) {
  // What a run before has left, or the user has made, may have files of the
  // user's.
  if (cgroup_remove(cgroup, kRemoveMilliseconds) != 0) return -1;
  int cram = make_empty(cgroup);
  if (cram < 0) return -1;
  int count = make_slots(cram, slots, uid, gid, files);
  if (count >= 0 && fchmod(cram, 0755) != 0) count = -1;
  int error = errno;
  close(cram);
  errno = error;
  return count;
}

// Lets nobody but root into the directory `fd`, which is consumed, if the user
// has made it.
static int close_off(int fd) {
  struct stat status;
  int result = fstat(fd, &status);
  if (result == 0 && status.st_uid != 0) {
    result = fchown(fd, 0, 0) == 0 ? fchmod(fd, 0700) : -1;
  }
  close(fd);
  return result;
}

// Makes root's the directory `fd`, which is consumed, and those below it whose
// names begin with `prefixes`, a level each; closes off all others in them.
static int keep(int fd, const char* const* prefixes) {
  int result = fchown(fd, 0, 0);
  DIR* directory = fdopendir(fd);
  if (!directory) {
    close(fd);
    return -1;
  }
  const char* name;
  while (result == 0 && (name = cgroup_next(directory))) {
    int below = cgroup_open(fd, name);
    bool is_slurms =
        *prefixes && strncmp(name, *prefixes, strlen(*prefixes)) == 0;
    // A step or task that ends meanwhile takes its directory along.
    if (below < 0) {
      if (errno != ENOENT) result = -1;
    } else if (is_slurms) {
      result = keep(below, prefixes + 1);
    } else {
      result = close_off(below);
    }
  }
  closedir(directory);
  return result;
}

int cgroup1_keep(const struct cgroup* cgroup) {
  static const char* const kBelow[] = {"step_", "task_", NULL};
  char job[PATH_MAX];
  snprintf(job, sizeof job, "%s", cgroup->path);
  for (int i = 0; i < 2; i++) *strrchr(job, '/') = '\0';
  int fd = cgroup_open(AT_FDCWD, job);
  return fd >= 0 ? keep(fd, kBelow) : -1;
}
