#include "cgroup_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

// Where the file system of that type, with that mount option unless it is NULL,
// is mounted.
static int find_mount(const char* type, const char* option, char* mount,
                      size_t room) {
  FILE* table = setmntent("/proc/self/mounts", "re");
  if (!table) return -1;
  struct mntent entry;
  char line[4096];
  int found = 0;
  while (!found && getmntent_r(table, &entry, line, sizeof line)) {
    found = strcmp(entry.mnt_type, type) == 0 &&
            (!option || hasmntopt(&entry, option)) &&
            strlen(entry.mnt_dir) < room;
    if (found) strcpy(mount, entry.mnt_dir);
  }
  endmntent(table);
  if (!found) errno = ENOENT;
  return found ? 0 : -1;
}

// The path in a line "4:memory:/slurm/uid_1/job_2/step_0/task_0", where other
// controllers may stand beside memory, or in "0::/system.slice/x". NULL: it is
// of another hierarchy.
static char* path_in(char* line, const char* controller) {
  char* controllers = strchr(line, ':');
  char* path = controllers ? strchr(controllers + 1, ':') : NULL;
  if (!path) return NULL;
  *path++ = '\0';
  path[strcspn(path, "\n")] = '\0';
  char *rest = controllers + 1, *name;
  while ((name = strsep(&rest, ","))) {
    if (strcmp(name, controller) == 0) return path;
  }
  return NULL;
}

// The path of the process in the hierarchy that has the controller; "" is the
// unified hierarchy of v2.
static int find_path(pid_t pid, const char* controller, char* path,
                     size_t room) {
  char name[64], line[PATH_MAX + 64];
  snprintf(name, sizeof name, "/proc/%d/cgroup", (int)pid);
  FILE* file = fopen(name, "re");
  if (!file) return -1;
  char* found = NULL;
  while (!found && fgets(line, sizeof line, file)) {
    found = path_in(line, controller);
  }
  fclose(file);
  errno = ENOENT;
  if (!found || strstr(found, "/../")) return -1;
  if (strlen(found) < room) {
    strcpy(path, found);
    return 0;
  }
  errno = ENAMETOOLONG;
  return -1;
}

int cgroup_directory_of(pid_t pid, int version, char* directory, size_t room) {
  char mount[PATH_MAX], path[PATH_MAX];
  int is_v1 = version == 1;
  if (find_mount(is_v1 ? "cgroup" : "cgroup2", is_v1 ? "memory" : NULL, mount,
                 sizeof mount) != 0 ||
      find_path(pid, is_v1 ? "memory" : "", path, sizeof path) != 0) {
    return -1;
  }
  char* job = strstr(path, "/job_");
  errno = ENOENT;
  if (!job || !strstr(job, "/step_")) return -1;
  errno = ENAMETOOLONG;
  return snprintf(directory, room, "%s%s", mount, path) < (int)room ? 0 : -1;
}

int cgroup_open(int parent, const char* name) {
  int fd =
      openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  struct statfs file_system;
  if (fd < 0) return -1;
  if (fstatfs(fd, &file_system) == 0 &&
      (file_system.f_type == CGROUP_SUPER_MAGIC ||
       file_system.f_type == CGROUP2_SUPER_MAGIC)) {
    return fd;
  }
  close(fd);
  errno = EXDEV;
  return -1;
}

int cgroup_open_above(const char* path) {
  char above[PATH_MAX];
  snprintf(above, sizeof above, "%s", path);
  *strrchr(above, '/') = '\0';
  return cgroup_open(AT_FDCWD, above);
}

int cgroup_make_directory(int parent, const char* name) {
  if (mkdirat(parent, name, 0755) != 0 && errno != EEXIST) return -1;
  return cgroup_open(parent, name);
}

const char* cgroup_next(DIR* directory) {
  struct dirent* entry;
  while ((entry = readdir(directory))) {
    if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
        strcmp(entry->d_name, "..") != 0) {
      return entry->d_name;
    }
  }
  return NULL;
}

int cgroup_give(int directory, const char* file, uid_t uid, gid_t gid) {
  return fchownat(directory, file, uid, gid, AT_SYMLINK_NOFOLLOW);
}

int cgroup_read(int directory, const char* file, char* text, size_t room) {
  int fd = openat(directory, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t size = read(fd, text, room - 1);
  close(fd);
  if (size < 0) return -1;
  text[size] = '\0';
  text[strcspn(text, "\n")] = '\0';
  return 0;
}

int cgroup_write(int directory, const char* file, const char* text) {
  int fd = openat(directory, file, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t written = write(fd, text, strlen(text));
  int error = errno;
  close(fd);
  errno = error;
  return written < 0 ? -1 : 0;
}
