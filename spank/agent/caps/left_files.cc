#include "spank/agent/caps/left_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "pack/base/clock.h"
#include "pack/base/fd.h"
#include "pack/base/spare_file.h"
#include "spank/agent/caps/file_charges.h"
#include "spank/agent/caps/file_id.h"
#include "spank/agent/caps/sole_use.h"
#include "spank/agent/caps/turn.h"

namespace cram {
namespace {

constexpr int kDeepest = 8;
constexpr size_t kMostFiles = 100;  // at once: each is kept open
// How long to wait at most for others who look, and how often to ask.
constexpr absl::Duration kOthersTurn = absl::Seconds(5);

struct Entry {
  UniqueFd directory;  // that it is in
  std::string name;
};

struct File {
  Entry entry;
  UniqueFd fd;
  struct stat status;
  uint64_t bytes() const {
    return static_cast<uint64_t>(status.st_blocks) * 512;
  }
};

// It was written to in between.
bool HasChanged(const struct stat& before, const struct stat& after) {
  return before.st_blocks != after.st_blocks ||
         before.st_mtim.tv_sec != after.st_mtim.tv_sec ||
         before.st_mtim.tv_nsec != after.st_mtim.tv_nsec;
}

UniqueFd Copy(const UniqueFd& fd) {
  return UniqueFd(fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
}

// What tells a sub-job's files from others.
struct Rule {
  std::function<bool(const FileId& file)> may_be_its;
  std::function<bool(const std::vector<int>& files)> are_its;
};

class Sweep {
 public:
  Sweep(absl::Time since, Rule rule) : since_(since), rule_(std::move(rule)) {}

  uint64_t Run(const UniqueFd& directory, Instant end) {
    uint64_t before;
    do {
      before = removed_;
      files_.clear();
      Collect(directory, 0);
      Judge(end);
    } while (removed_ > before && files_.size() >= kMostFiles);
    // The innermost were found last.
    for (auto it = directories_.rbegin(); it != directories_.rend(); ++it) {
      unlinkat(it->directory.get(), it->name.c_str(), AT_REMOVEDIR);
    }
    return removed_;
  }

 private:
  bool MayGo(const struct statx& status) const {
    return IsOursSince(status, since_) &&
           (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) == 0 &&
           !IsSpared(status);
  }

  void Collect(const UniqueFd& fd, int depth) {
    DIR* directory = fdopendir(Copy(fd).release());
    if (directory == nullptr) return;
    rewinddir(directory);
    while (const dirent* entry = readdir(directory)) {
      if (files_.size() >= kMostFiles) break;
      if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
        continue;
      }
      struct statx status;
      if (statx(fd.get(), entry->d_name, AT_SYMLINK_NOFOLLOW, kOursSinceMask,
                &status) != 0 ||
          !MayGo(status)) {
        continue;
      }
      if (S_ISREG(status.stx_mode) && status.stx_blocks > 0) {
        if (rule_.may_be_its(IdOf(status))) Take(fd, entry->d_name);
      } else if (S_ISDIR(status.stx_mode) && depth < kDeepest) {
        Enter(fd, entry->d_name, depth);
      }
    }
    closedir(directory);
  }

  void Enter(const UniqueFd& above, const char* name, int depth) {
    size_t before = files_.size();
    UniqueFd fd(openat(above.get(), name,
                       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd.valid()) return;
    size_t place = directories_.size();
    directories_.push_back({Copy(above), name});
    Collect(fd, depth + 1);
    // Nothing in it may be removed.
    if (files_.size() == before) {
      directories_.erase(directories_.begin() + static_cast<ptrdiff_t>(place),
                         directories_.end());
    }
  }

  void Take(const UniqueFd& directory, const char* name) {
    File file;
    file.fd.reset(openat(directory.get(), name,
                         O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    int fd = file.fd.get();
    if (fd < 0 || fstat(fd, &file.status) != 0 || !SoleUse(fd).is_ours()) {
      return;
    }
    file.entry = {Copy(directory), name};
    files_.push_back(std::move(file));
  }

  // Mostly all of them are the sub-job's: else each is judged alone, since
  // pages of others do not make the kernel bring its counts up to date.
  void Judge(Instant end) {
    std::vector<int> all;
    for (const File& file : files_) all.push_back(file.fd.get());
    if (rule_.are_its(all)) {
      for (const File& file : files_) Remove(file);
      return;
    }
    if (files_.size() < 2) return;
    for (const File& file : files_) {
      if (MonotonicNow() > end) return;
      if (rule_.are_its({file.fd.get()})) Remove(file);
    }
  }

  void Remove(const File& file) {
    int fd = file.fd.get();
    struct stat now;
    SoleUse sole_use(fd);
    if (!sole_use.is_ours()) return;
    if (fstat(fd, &now) == 0 && !HasChanged(file.status, now)) Unlink(file);
  }

  // By another name first, so that a file that has just taken its place is not
  // removed for it.
  void Unlink(const File& file) {
    std::string away = absl::StrCat(".cram-removes-", getpid());
    int fd = file.entry.directory.get();
    const char* name = file.entry.name.c_str();
    struct stat status;
    if (renameat2(fd, name, fd, away.c_str(), RENAME_NOREPLACE) != 0) return;
    if (fstatat(fd, away.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        status.st_ino == file.status.st_ino) {
      unlinkat(fd, away.c_str(), 0);
      removed_ += file.bytes();
    } else {
      renameat2(fd, away.c_str(), fd, name, RENAME_NOREPLACE);
    }
  }

  absl::Time since_;
  Rule rule_;
  std::vector<File> files_;
  std::vector<Entry> directories_;
  uint64_t removed_ = 0;
};

// Of a tmpfs in which something was made or removed since then.
UniqueFd OpenChanged(const std::string& tmpfs, absl::Time since) {
  if (!HasChangedSince(tmpfs, since)) return UniqueFd();
  UniqueFd fd(open(tmpfs.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct statfs kind;
  if (!fd.valid() || fstatfs(fd.get(), &kind) != 0 ||
      kind.f_type != TMPFS_MAGIC) {
    return UniqueFd();
  }
  return fd;
}

}  // namespace

uint64_t RemoveLeftFiles(const std::string& tmpfs, absl::Time since,
                         const std::string& directory,
                         absl::Duration patience) {
  if (directory.empty()) return 0;
  UniqueFd fd = OpenChanged(tmpfs, since);
  FileCharges charges;
  if (!fd.valid() || !charges.Open(directory).ok()) return 0;
  Instant end = MonotonicNow() + patience;
  if (!TakeTurn(fd, std::min(patience, kOthersTurn))) return 0;
  Rule rule = {[](const FileId&) { return true; },
               [&charges](const std::vector<int>& files) {
                 return charges.HoldAllOf(files);
               }};
  return Sweep(since, std::move(rule)).Run(fd, end);
}

uint64_t RemoveLeftFiles(const std::string& tmpfs, absl::Time since,
                         const std::set<FileId>& seen,
                         absl::Duration patience) {
  if (seen.empty()) return 0;
  UniqueFd fd = OpenChanged(tmpfs, since);
  if (!fd.valid()) return 0;
  if (!TakeTurn(fd, std::min(patience, kOthersTurn))) return 0;
  Rule rule = {[&seen](const FileId& file) { return seen.count(file) != 0; },
               [](const std::vector<int>&) { return true; }};
  return Sweep(since, std::move(rule)).Run(fd, absl::InfiniteDuration());
}

}  // namespace cram
