#include "spank/agent/agent/held_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "pack/base/clock.h"
#include "pack/base/io.h"
#include "spank/agent/agent/remove_tree.h"

namespace cram {
namespace {

constexpr char kPrefix[] = "cram-tmp-";

// A young one may be about to be held.
constexpr absl::Duration kYoung = absl::Minutes(1);
// How long its last processes may take to die.
constexpr absl::Duration kDying = absl::Seconds(4);

bool TakeHold(const UniqueFd& fd, absl::Duration patience) {
  Instant end = MonotonicNow() + patience;
  while (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (MonotonicNow() >= end) return false;
    absl::SleepFor(absl::Milliseconds(5));
  }
  return true;
}

// Those of this user that nobody holds any more.
void RemoveLeftOnes(const std::string& parent, const std::string& prefix,
                    absl::Duration age, absl::Duration patience) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(parent, error)) {
    std::string name = entry.path().filename().string();
    if (!absl::StartsWith(name, prefix)) continue;
    UniqueFd held(open(entry.path().c_str(),
                       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status;
    if (held.valid() && fstat(held.get(), &status) == 0 &&
        status.st_uid == getuid() &&
        absl::TimeFromTimespec(status.st_mtim) <= absl::Now() - age &&
        TakeHold(held, patience)) {
      RemoveTree(entry.path().string());
    }
  }
}

std::string PrefixOf(const std::string& run) {
  return absl::StrCat(kPrefix, run, "-");
}

}  // namespace

absl::StatusOr<HeldDirectory> HeldDirectory::Make(const std::string& parent,
                                                  const std::string& run) {
  RemoveLeftOnes(parent, kPrefix, kYoung, absl::ZeroDuration());
  std::string path = absl::StrCat(parent, "/", PrefixOf(run), "XXXXXX");
  if (mkdtemp(&path[0]) == nullptr) return ErrnoStatus("create", path, errno);
  UniqueFd hold(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!hold.valid() || flock(hold.get(), LOCK_EX) != 0) {
    return ErrnoStatus("hold", path, errno);
  }
  return HeldDirectory(std::move(path), std::move(hold));
}

void HeldDirectory::Remove(const std::string& parent, const std::string& run) {
  RemoveLeftOnes(parent, PrefixOf(run), absl::ZeroDuration(), kDying);
}

HeldDirectory::~HeldDirectory() {
  if (!path_.empty()) RemoveTree(path_);
}

}  // namespace cram
