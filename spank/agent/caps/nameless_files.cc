#include "spank/agent/caps/nameless_files.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pack/base/clock.h"
#include "spank/agent/caps/file_id.h"
#include "spank/agent/caps/open_files.h"

namespace cram {
namespace {

constexpr absl::Duration kBetweenCounts = absl::Milliseconds(20);
constexpr int kCountingShareOfTime = 20;

bool IsInMemory(int directory, const char* name) {
  struct statfs kind;
  return statfs(absl::StrCat("/proc/self/fd/", directory, "/", name).c_str(),
                &kind) == 0 &&
         (kind.f_type == TMPFS_MAGIC || kind.f_type == RAMFS_MAGIC);
}

}  // namespace

void NamelessFiles::Begin(absl::Time since) {
  since_ = since;
  next_count_ = -absl::InfiniteDuration();
  bytes_ = 0;
}

uint64_t NamelessFiles::Bytes(const std::vector<pid_t>& processes) {
  return MonotonicNow() < next_count_ ? bytes_ : BytesNow(processes);
}

uint64_t NamelessFiles::BytesNow(const std::vector<pid_t>& processes) {
  Instant begin = MonotonicNow();
  std::set<FileId> counted;  // once, whoever has it open
  bytes_ = 0;
  for (pid_t pid : processes) {
    ForOpenFiles(
        pid, [&](int directory, const char* name, absl::string_view target) {
          struct statx status;
          if (absl::EndsWith(target, kNameless) &&
              statx(directory, name, AT_STATX_DONT_SYNC, kOursSinceMask,
                    &status) == 0 &&
              status.stx_nlink == 0 && S_ISREG(status.stx_mode) &&
              IsOursSince(status, since_) && IsInMemory(directory, name) &&
              counted.insert(IdOf(status)).second) {
            bytes_ += status.stx_blocks * 512;
          }
        });
  }
  Instant end = MonotonicNow();
  next_count_ = std::max(begin + kBetweenCounts,
                         end + (end - begin) * kCountingShareOfTime);
  return bytes_;
}

}  // namespace cram
