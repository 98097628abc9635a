#include "cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroup1.h"
#include "cgroup2.h"
#include "cgroup_files.h"
#include "waiting.h"

static const char kName[] = "cram";

// Where v1 has the memory controller, v2 has not.
int cgroup_find(pid_t pid, struct cgroup* cgroup) {
  char path[PATH_MAX];
  cgroup->path[0] = '\0';
  cgroup->version = 1;
  if (cgroup_directory_of(pid, 1, path, sizeof path) != 0) {
    cgroup->version = 2;
    if (cgroup_directory_of(pid, 2, path, sizeof path) != 0) return -1;
  }
  char* step = strstr(strstr(path, "/job_"), "/step_");
  step[1 + strcspn(step + 1, "/")] = '\0';
  int size = snprintf(cgroup->path, sizeof cgroup->path, "%s/%s", path, kName);
  if (size < (int)sizeof cgroup->path) return 0;
  cgroup->path[0] = '\0';
  errno = ENAMETOOLONG;
  return -1;
}

int cgroup_make(const struct cgroup* cgroup, int slots, uid_t uid, gid_t gid,
                int files[kCgroupMaxSlots * kCgroupMaxSlotFiles]) {
  return cgroup->version == 1 ? cgroup1_make(cgroup, slots, uid, gid, files)
                              : cgroup2_make(cgroup, slots, uid, gid, files);
}

int cgroup_keep(const struct cgroup* cgroup, pid_t task) {
  return cgroup->version == 1 ? cgroup1_keep(cgroup) : cgroup2_keep(task);
}

// One round over the directory `fd`, which is consumed. Returns how many
// processes were found.
static int kill_below(int fd, int depth) {
  int found = 0;
  int procs = openat(fd, "cgroup.procs", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  FILE* list = procs < 0 ? NULL : fdopen(procs, "r");
  long pid;
  while (list && fscanf(list, "%ld", &pid) == 1) {
    found++;
    // 0 stands for a process of another pid namespace; to kill(2) it is our
    // own process group.
    if (pid > 1) kill((pid_t)pid, SIGKILL);
  }
  if (list) fclose(list);
  DIR* directory = fdopendir(fd);
  const char* name;
  while (directory && depth > 0 && (name = cgroup_next(directory))) {
    int leaf = cgroup_open(fd, name);
    if (leaf >= 0) found += kill_below(leaf, depth - 1);
  }
  if (directory) closedir(directory);
  return found;
}

// Removes what is below the directory `fd`, which is consumed.
static void remove_below(int fd, int depth) {
  DIR* directory = fdopendir(fd);
  const char* name;
  while (directory && depth > 0 && (name = cgroup_next(directory))) {
    if (unlinkat(fd, name, AT_REMOVEDIR) == 0) continue;
    int leaf = cgroup_open(fd, name);
    if (leaf >= 0) remove_below(leaf, depth - 1);
    unlinkat(fd, name, AT_REMOVEDIR);
  }
  if (directory) closedir(directory);
}

// Whether a process is in or below the directory `fd`, which is consumed. All
// of them have been sent SIGKILL.
static int kill_all(int fd) {
  char events[256];
  // v2 since Linux 5.14; it also reaches who forks in this moment.
  if (cgroup_write(fd, "cgroup.kill", "1") != 0 ||
      cgroup_read(fd, "cgroup.events", events, sizeof events) != 0) {
    return kill_below(fd, kCgroupMaxDepth) != 0;
  }
  close(fd);
  return strcmp(events, "populated 0") != 0;
}

int cgroup_end(const struct cgroup* cgroup, int milliseconds) {
  if (!cgroup->path[0]) return 0;
  long end = milliseconds_now() + milliseconds;
  for (;;) {
    int fd = cgroup_open(AT_FDCWD, cgroup->path);
    if (fd < 0) return errno == ENOENT ? 0 : -1;
    if (!kill_all(fd)) return 0;
    errno = ETIMEDOUT;
    if (milliseconds_now() >= end) return -1;
    pause_milliseconds(10);
  }
}

int cgroup_remove(const struct cgroup* cgroup, int milliseconds) {
  long end = milliseconds_now() + milliseconds;
  for (;;) {
    int fd = cgroup_open(AT_FDCWD, cgroup->path);
    // What cannot be opened is not there to wait for.
    if (fd < 0) return errno == ENOENT ? 0 : -1;
    if (kill_all(fd)) {
      errno = ETIMEDOUT;
    } else {
      fd = cgroup_open(AT_FDCWD, cgroup->path);
      if (fd >= 0) remove_below(fd, kCgroupMaxDepth);
      if (rmdir(cgroup->path) == 0) return 0;
    }
    if (milliseconds_now() >= end) return -1;
    // EBUSY while the last process of a leaf is on its way out.
    pause_milliseconds(10);
  }
}
