#include "pack/base/spare_file.h"

#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

namespace cram {

void SpareFile(int fd) {
  struct statfs kind;
  int flags;
  if (fstatfs(fd, &kind) != 0 || kind.f_type != TMPFS_MAGIC ||
      ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0) {
    return;
  }
  flags |= FS_NODUMP_FL;
  (void)ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

bool IsSpared(const struct statx& status) {
  return (status.stx_attributes_mask & STATX_ATTR_NODUMP) == 0 ||
         (status.stx_attributes & STATX_ATTR_NODUMP) != 0;
}

}  // namespace cram
