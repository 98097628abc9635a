#include "cgroup1.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup_files.h"

static const char kName[] = "cram";

int cgroup1_find(pid_t pid, struct cgroup* cgroup) {
  char mount[PATH_MAX], path[PATH_MAX];
  cgroup->path[0] = '\0';
  if (cgroup_mount("cgroup", "memory", mount, sizeof mount) != 0 ||
      cgroup_path_of(pid, "memory", path, sizeof path) != 0) {
    return -1;
  }
  char* job = strstr(path, "/job_");
  errno = ENOENT;
  if (!job || !strstr(job, "/step_")) return -1;
  int size = snprintf(cgroup->path, sizeof cgroup->path, "%s%s/%s", mount, path,
                      kName);
  cgroup->version = 1;
  if (size < (int)sizeof cgroup->path) return 0;
  cgroup->path[0] = '\0';
  errno = ENAMETOOLONG;
  return -1;
}

int cgroup1_make(const struct cgroup* cgroup, uid_t uid, gid_t gid) {
  char parent[PATH_MAX];
  snprintf(parent, sizeof parent, "%s", cgroup->path);
  *strrchr(parent, '/') = '\0';
  int above = cgroup_open(AT_FDCWD, parent);
  if (above < 0) return -1;
  int fd = mkdirat(above, kName, 0755) == 0 || errno == EEXIST
               ? cgroup_open(above, kName)
               : -1;
  close(above);
  if (fd < 0) return -1;
  int result = fchownat(fd, "cgroup.procs", uid, gid, AT_SYMLINK_NOFOLLOW);
  if (result == 0) result = fchown(fd, uid, gid);
  close(fd);
  return result;
}
