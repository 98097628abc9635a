#include "spank/agent/caps/files_below.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <utility>

namespace cram {
namespace {

constexpr int kDeepestWalk = 16;
constexpr int kLongestWalk = 10000;

using LookAtFile =
    std::function<void(int directory, const char* name, const struct stat&)>;

class Walk {
 public:
  Walk(dev_t device, const LookAtFile& look) : device_(device), look_(look) {}

  void In(UniqueFd fd, int depth) {
    int directory_fd = fd.get();
    DIR* directory = fdopendir(fd.release());
    if (directory == nullptr) return;
    while (const dirent* entry = readdir(directory)) {
      if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
        continue;
      }
      if (--left_ < 0) break;
      At(directory_fd, entry->d_name, depth);
    }
    closedir(directory);
  }

 private:
  void At(int directory, const char* name, int depth) {
    struct stat status;
    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        status.st_uid != geteuid() || status.st_dev != device_) {
      return;
    }
    if (S_ISDIR(status.st_mode) && depth < kDeepestWalk) {
      UniqueFd fd(openat(directory, name,
                         O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (fd.valid()) In(std::move(fd), depth + 1);
    } else if (S_ISREG(status.st_mode)) {
      look_(directory, name, status);
    }
  }

  dev_t device_;
  const LookAtFile& look_;
  int left_ = kLongestWalk;
};

}  // namespace

void ForFilesBelow(UniqueFd directory, const LookAtFile& look) {
  struct stat status;
  if (!directory.valid() || fstat(directory.get(), &status) != 0) return;
  Walk(status.st_dev, look).In(std::move(directory), 0);
}

}  // namespace cram
