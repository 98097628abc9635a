#include "spank/agent/caps/own_files.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pack/base/clock.h"
#include "pack/base/fd.h"
#include "spank/agent/caps/files_below.h"

namespace cram {
namespace {

constexpr absl::Duration kBetweenCounts = absl::Milliseconds(20);
constexpr int kCountingShareOfTime = 20;

}  // namespace

void OwnFiles::Begin(const std::string& directory) {
  struct statfs kind;
  bool is_memory = statfs(directory.c_str(), &kind) == 0 &&
                   (kind.f_type == TMPFS_MAGIC || kind.f_type == RAMFS_MAGIC);
  directory_ = is_memory ? directory : "";
  next_count_ = -absl::InfiniteDuration();
  bytes_ = 0;
}

bool OwnFiles::Has(const std::string& path) const {
  return !directory_.empty() &&
         absl::StartsWith(path, absl::StrCat(directory_, "/"));
}

uint64_t OwnFiles::Bytes() {
  return MonotonicNow() < next_count_ ? bytes_ : BytesNow();
}

uint64_t OwnFiles::BytesNow() {
  if (directory_.empty()) return 0;
  Instant begin = MonotonicNow();
  std::set<ino_t> linked;  // counted once, whatever their names
  bytes_ = 0;
  ForFilesBelow(
      UniqueFd(open(directory_.c_str(),
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)),
      [&](int, const char*, const struct stat& status) {
        if (status.st_nlink > 1 && !linked.insert(status.st_ino).second) return;
        bytes_ += static_cast<uint64_t>(status.st_blocks) * 512;
      });
  Instant end = MonotonicNow();
  next_count_ = std::max(begin + kBetweenCounts,
                         end + (end - begin) * kCountingShareOfTime);
  return bytes_;
}

}  // namespace cram
