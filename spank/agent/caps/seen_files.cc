#include "spank/agent/caps/seen_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "pack/base/io.h"
#include "spank/agent/caps/open_files.h"

namespace cram {
namespace {

bool StatOf(const std::string& path, struct statx* status) {
  return statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, kOursSinceMask,
               status) == 0;
}

// Files below `prefix` that the process has open for writing.
std::vector<TmpfsFile> FilesOpenToWrite(pid_t pid, const std::string& prefix) {
  std::vector<TmpfsFile> files;
  ForOpenFiles(
      pid, [&](int directory, const char* name, absl::string_view path) {
        struct stat link;
        struct statx status;
        // The link's mode is that of the descriptor.
        if (absl::StartsWith(path, prefix) &&
            fstatat(directory, name, &link, AT_SYMLINK_NOFOLLOW) == 0 &&
            (link.st_mode & S_IWUSR) != 0 &&
            statx(directory, name, 0, kOursSinceMask, &status) == 0) {
          files.push_back({std::string(path), IdOf(status)});
        }
      });
  return files;
}

}  // namespace

void SeenFiles::Look(uint32_t slot, absl::Time since, pid_t pid,
                     bool has_shared, const OwnFiles& counted) {
  if (!HasChangedSince(tmpfs_, since)) return;
  std::string prefix = tmpfs_ + "/";
  auto remember = [&](const TmpfsFile& file) {
    if (!counted.Has(file.path)) Remember(slot, since, file.path, file.id);
  };
  for (const TmpfsFile& file : FilesOpenToWrite(pid, prefix)) remember(file);
  if (!has_shared) return;
  absl::StatusOr<std::string> maps =
      ReadFile(absl::StrCat("/proc/", pid, "/maps"));
  if (!maps.ok()) return;
  for (const TmpfsFile& file : FilesMappedToWrite(*maps, prefix)) {
    remember(file);
  }
}

void SeenFiles::Remember(uint32_t slot, absl::Time since,
                         const std::string& path, const FileId& id) {
  auto known = files_.find(id);
  if (known == files_.end()) {
    // A process may have another file system where we have this one.
    struct statx status;
    if (!StatOf(path, &status) || !S_ISREG(status.stx_mode) ||
        !(IdOf(status) == id) || !IsOursSince(status, since)) {
      return;
    }
    known = files_.emplace(id, File{path, {}, false}).first;
  }
  File& file = known->second;
  file.slots.insert(slot);
  if (file.slots.size() > 1) file.was_shared_by_slots = true;
}

uint64_t SeenFiles::BytesOf(uint32_t slot) const {
  uint64_t sum = 0;
  for (const auto& [id, file] : files_) {
    struct statx status;
    if (file.IsOf(slot) && StatOf(file.path, &status) && IdOf(status) == id) {
      sum += status.stx_blocks * 512;
    }
  }
  return sum;
}

std::set<FileId> SeenFiles::Of(uint32_t slot) const {
  std::set<FileId> ids;
  for (const auto& [id, file] : files_) {
    if (file.IsOf(slot)) ids.insert(id);
  }
  return ids;
}

void SeenFiles::Forget(uint32_t slot) {
  for (auto it = files_.begin(); it != files_.end();) {
    it->second.slots.erase(slot);
    it = it->second.slots.empty() ? files_.erase(it) : std::next(it);
  }
}

std::vector<TmpfsFile> FilesMappedToWrite(absl::string_view maps,
                                          absl::string_view prefix) {
  // begin-end rw-s offset major:minor inode     path
  std::vector<TmpfsFile> files;
  for (absl::string_view line : absl::StrSplit(maps, '\n')) {
    size_t begin = line.find(absl::StrCat(" ", prefix));
    if (begin == absl::string_view::npos) continue;
    std::vector<absl::string_view> words =
        absl::StrSplit(line.substr(0, begin), ' ', absl::SkipEmpty());
    if (words.size() != 5 || words[1].size() != 4 || words[1][1] != 'w' ||
        words[1][3] != 's') {
      continue;
    }
    std::pair<absl::string_view, absl::string_view> device =
        absl::StrSplit(words[3], absl::MaxSplits(':', 1));
    unsigned major, minor;
    ino_t inode;
    if (absl::SimpleHexAtoi(device.first, &major) &&
        absl::SimpleHexAtoi(device.second, &minor) &&
        absl::SimpleAtoi(words[4], &inode)) {
      files.push_back({std::string(line.substr(begin + 1)),
                       {makedev(major, minor), inode}});
    }
  }
  return files;
}

}  // namespace cram
