#include "spank/agent/agent/held_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pack/base/io.h"
#include "spank/agent/agent/remove_tree.h"

namespace cram {
namespace {

constexpr char kPrefix[] = "cram-tmp-";

// Those of this user that nobody holds any more. A young one may be about to be
// held.
void RemoveLeftOnes(const std::string& parent) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(parent, error)) {
    std::string name = entry.path().filename().string();
    if (!absl::StartsWith(name, kPrefix)) continue;
    UniqueFd held(open(entry.path().c_str(),
                       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status;
    if (held.valid() && fstat(held.get(), &status) == 0 &&
        status.st_uid == getuid() && status.st_mtime < time(nullptr) - 60 &&
        flock(held.get(), LOCK_EX | LOCK_NB) == 0) {
      RemoveTree(entry.path().string());
    }
  }
}

}  // namespace

absl::StatusOr<HeldDirectory> HeldDirectory::Make(const std::string& parent,
                                                  const std::string& run) {
  RemoveLeftOnes(parent);
  std::string path = absl::StrCat(parent, "/", kPrefix, run, "-XXXXXX");
  if (mkdtemp(&path[0]) == nullptr) return ErrnoStatus("create", path, errno);
  UniqueFd hold(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!hold.valid() || flock(hold.get(), LOCK_EX) != 0) {
    return ErrnoStatus("hold", path, errno);
  }
  return HeldDirectory(std::move(path), std::move(hold));
}

HeldDirectory::~HeldDirectory() {
  if (!path_.empty()) RemoveTree(path_);
}

}  // namespace cram
