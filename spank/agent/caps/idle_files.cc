#include "spank/agent/caps/idle_files.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <utility>

#include "pack/base/clock.h"
#include "pack/base/fd.h"
#include "spank/agent/caps/file_id.h"
#include "spank/agent/caps/files_below.h"
#include "spank/agent/caps/sole_use.h"
#include "spank/agent/caps/turn.h"

namespace cram {
namespace {

constexpr int kShareOfTime = 20;
// Those of before are good enough when another agent looks for longer.
constexpr absl::Duration kTurnOfOthers = absl::Milliseconds(50);

// Changed since then, and neither open nor mapped anywhere.
bool IsIdle(int directory, const char* name, const struct stat& status,
            absl::Time since) {
  if (status.st_blocks == 0 ||
      absl::TimeFromTimespec(status.st_ctim) < since - kFileClockTick) {
    return false;
  }
  UniqueFd fd(
      openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  return fd.valid() && SoleUse(fd.get()).is_ours();
}

}  // namespace

uint64_t IdleFiles::BytesFor(uint32_t slot) {
  if (MonotonicNow() >= next_look_) Count();
  uint64_t of_others = 0;
  for (const auto& [other, bytes] : said_) {
    if (other != slot) of_others += bytes;
  }
  said_[slot] = bytes_ - std::min(bytes_, of_others);
  return said_[slot];
}

void IdleFiles::Count() {
  UniqueFd fd(open(tmpfs_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.valid() && !TakeTurn(fd, kTurnOfOthers)) return;
  Instant begin = MonotonicNow();
  bytes_ = 0;
  struct statfs kind;
  if (fd.valid() && fstatfs(fd.get(), &kind) == 0 &&
      kind.f_type == TMPFS_MAGIC) {
    ForFilesBelow(std::move(fd), [this](int directory, const char* name,
                                        const struct stat& status) {
      if (IsIdle(directory, name, status, since_)) {
        bytes_ += static_cast<uint64_t>(status.st_blocks) * 512;
      }
    });
  }
  Instant end = MonotonicNow();
  next_look_ = end + (end - begin) * kShareOfTime;
}

}  // namespace cram
