#include "cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <mntent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

// Leaves are one level deep; a user who makes more gets them removed too, to
// this depth.
enum { kDepth = 16 };

static const char kName[] = "cram";

// Where the memory controller is mounted.
static int find_mount(char* mount, size_t room) {
  FILE* table = setmntent("/proc/self/mounts", "re");
  if (!table) return -1;
  struct mntent entry;
  char line[4096];
  int found = 0;
  while (!found && getmntent_r(table, &entry, line, sizeof line)) {
    found = strcmp(entry.mnt_type, "cgroup") == 0 &&
            hasmntopt(&entry, "memory") && strlen(entry.mnt_dir) < room;
    if (found) strcpy(mount, entry.mnt_dir);
  }
  endmntent(table);
  if (!found) errno = ENOENT;
  return found ? 0 : -1;
}

// The path of the task in a line "4:memory:/slurm/uid_1/job_2/step_0/task_0",
// where other controllers may stand beside memory.
static char* memory_path(char* line) {
  char* controllers = strchr(line, ':');
  char* path = controllers ? strchr(controllers + 1, ':') : NULL;
  if (!path) return NULL;
  *path++ = '\0';
  char *rest = controllers + 1, *name;
  while ((name = strsep(&rest, ","))) {
    if (strcmp(name, "memory") == 0) {
      path[strcspn(path, "\n")] = '\0';
      return path;
    }
  }
  return NULL;
}

int cgroup_find(pid_t pid, struct cgroup* cgroup) {
  char mount[PATH_MAX], name[64], line[PATH_MAX + 64];
  cgroup->path[0] = '\0';
  if (find_mount(mount, sizeof mount) != 0) return -1;
  snprintf(name, sizeof name, "/proc/%d/cgroup", (int)pid);
  FILE* file = fopen(name, "re");
  if (!file) return -1;
  char* path = NULL;
  while (!path && fgets(line, sizeof line, file)) path = memory_path(line);
  fclose(file);
  errno = ENOENT;
  if (!path) return -1;
  char* job = strstr(path, "/job_");
  if (!job || !strstr(job, "/step_") || strstr(path, "/../")) return -1;
  int size = snprintf(cgroup->path, sizeof cgroup->path, "%s%s/%s", mount, path,
                      kName);
  if (size < (int)sizeof cgroup->path) return 0;
  cgroup->path[0] = '\0';
  errno = ENAMETOOLONG;
  return -1;
}

static int open_directory(int parent, const char* name) {
  int fd =
      openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  struct statfs file_system;
  if (fd < 0) return -1;
  if (fstatfs(fd, &file_system) == 0 &&
      file_system.f_type == CGROUP_SUPER_MAGIC) {
    return fd;
  }
  close(fd);
  errno = EXDEV;
  return -1;
}

int cgroup_make(const struct cgroup* cgroup, uid_t uid, gid_t gid) {
  char parent[PATH_MAX];
  snprintf(parent, sizeof parent, "%s", cgroup->path);
  *strrchr(parent, '/') = '\0';
  int above = open_directory(AT_FDCWD, parent);
  if (above < 0) return -1;
  int fd = mkdirat(above, kName, 0755) == 0 || errno == EEXIST
               ? open_directory(above, kName)
               : -1;
  close(above);
  if (fd < 0) return -1;
  int result = fchownat(fd, "cgroup.procs", uid, gid, AT_SYMLINK_NOFOLLOW);
  if (result == 0) result = fchown(fd, uid, gid);
  close(fd);
  return result;
}

// The next directory in `directory`; NULL at its end.
static const char* next_directory(DIR* directory) {
  struct dirent* entry;
  while ((entry = readdir(directory))) {
    if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
        strcmp(entry->d_name, "..") != 0) {
      return entry->d_name;
    }
  }
  return NULL;
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
  while (directory && depth > 0 && (name = next_directory(directory))) {
    int leaf = open_directory(fd, name);
    if (leaf >= 0) found += kill_below(leaf, depth - 1);
  }
  if (directory) closedir(directory);
  return found;
}

// Removes what is below the directory `fd`, which is consumed.
static void remove_below(int fd, int depth) {
  DIR* directory = fdopendir(fd);
  const char* name;
  while (directory && depth > 0 && (name = next_directory(directory))) {
    if (unlinkat(fd, name, AT_REMOVEDIR) == 0) continue;
    int leaf = open_directory(fd, name);
    if (leaf >= 0) remove_below(leaf, depth - 1);
    unlinkat(fd, name, AT_REMOVEDIR);
  }
  if (directory) closedir(directory);
}

static long milliseconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void pause_milliseconds(long milliseconds) {
  struct timespec time = {0, milliseconds * 1000000};
  nanosleep(&time, NULL);
}

// 1: gone, 0: emptied, -1: processes are still there or it cannot be read.
static int kill_once(const char* path) {
  int fd = open_directory(AT_FDCWD, path);
  if (fd < 0) return errno == ENOENT ? 1 : -1;
  errno = ETIMEDOUT;
  return kill_below(fd, kDepth) == 0 ? 0 : -1;
}

int cgroup_kill(const struct cgroup* cgroup, int milliseconds) {
  long end = milliseconds_now() + milliseconds;
  while (kill_once(cgroup->path) < 0) {
    if (milliseconds_now() >= end) return -1;
    pause_milliseconds(2);
  }
  return 0;
}

int cgroup_remove(const struct cgroup* cgroup, int milliseconds) {
  long end = milliseconds_now() + milliseconds;
  for (;;) {
    int killed = kill_once(cgroup->path);
    if (killed == 1) return 0;
    int fd = killed == 0 ? open_directory(AT_FDCWD, cgroup->path) : -1;
    if (fd >= 0) remove_below(fd, kDepth);
    if (killed == 0 && (rmdir(cgroup->path) == 0 || errno == ENOENT)) return 0;
    if (milliseconds_now() >= end) return -1;
    // EBUSY while the last process of a leaf is on its way out.
    pause_milliseconds(10);
  }
}
