#include "spank/agent/caps/idle_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "pack/base/fd.h"
#include "spank/agent/caps/file_id.h"
#include "spank/agent/caps/sole_use.h"

namespace cram {
namespace {

constexpr int kDeepestCounted = 8;
constexpr int kMostCounted = 10000;
constexpr int kShareOfTime = 20;

class Counting {
 public:
  explicit Counting(absl::Time since) : since_(since) {}

  uint64_t bytes() const { return bytes_; }

  void In(UniqueFd fd, int depth) {
    int directory_fd = fd.get();
    DIR* directory = fdopendir(fd.release());
    if (directory == nullptr) return;
    while (const dirent* entry = readdir(directory)) {
      if (--left_ < 0) break;
      if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
        continue;
      }
      Look(directory_fd, entry->d_name, depth);
    }
    closedir(directory);
  }

 private:
  void Look(int directory, const char* name, int depth) {
    struct stat status;
    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        status.st_uid != geteuid()) {
      return;
    }
    if (S_ISDIR(status.st_mode) && depth < kDeepestCounted) {
      UniqueFd fd(openat(directory, name,
                         O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (fd.valid()) In(std::move(fd), depth + 1);
      return;
    }
    if (!S_ISREG(status.st_mode) || status.st_blocks == 0 ||
        absl::TimeFromTimespec(status.st_ctim) < since_ - kFileClockTick) {
      return;
    }
    UniqueFd fd(openat(directory, name,
                       O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!fd.valid() || !SoleUse(fd.get()).is_ours()) return;
    bytes_ += static_cast<uint64_t>(status.st_blocks) * 512;
  }

  absl::Time since_;
  int left_ = kMostCounted;
  uint64_t bytes_ = 0;
};

}  // namespace

uint64_t IdleFiles::BytesFor(uint32_t slot) {
  if (absl::Now() >= next_look_) Count();
  uint64_t of_others = 0;
  for (const auto& [other, bytes] : said_) {
    if (other != slot) of_others += bytes;
  }
  said_[slot] = bytes_ - std::min(bytes_, of_others);
  return said_[slot];
}

void IdleFiles::Count() {
  absl::Time begin = absl::Now();
  bytes_ = 0;
  UniqueFd fd(open(tmpfs_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct statfs kind;
  if (fd.valid() && fstatfs(fd.get(), &kind) == 0 &&
      kind.f_type == TMPFS_MAGIC) {
    Counting counting(since_);
    counting.In(std::move(fd), 0);
    bytes_ = counting.bytes();
  }
  absl::Time end = absl::Now();
  next_look_ = end + (end - begin) * kShareOfTime;
}

}  // namespace cram
