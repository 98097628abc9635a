#include "spank/agent/agent/remove_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "pack/base/fd.h"

namespace cram {
namespace {

constexpr int kAsDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

// The directory `name` in the one that `parent` is open on.
Directory OpenIn(int parent, const char* name) {
  fchmodat(parent, name, S_IRWXU, 0);
  UniqueFd fd(openat(parent, name, kAsDirectory));
  Directory directory(fd.valid() ? fdopendir(fd.get()) : nullptr);
  if (directory != nullptr) (void)fd.release();
  return directory;
}

// The next name but "." and ".."; nullptr at the end.
const char* NextName(DIR* directory) {
  while (const dirent* entry = readdir(directory)) {
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
      return entry->d_name;
    }
  }
  return nullptr;
}

// False for a directory that is not empty.
bool RemoveEntry(int parent, const char* name) {
  return unlinkat(parent, name, 0) == 0 ||
         unlinkat(parent, name, AT_REMOVEDIR) == 0;
}

// Removes all of the directory `name` in `top`, but for directories that are
// not empty: these become entries of `top`, so that no depth needs more
// descriptors, a longer path or a deeper stack. True when it is gone.
bool RemoveLevel(int top, const char* name, uint64_t* moved) {
  Directory directory = OpenIn(top, name);
  if (directory == nullptr) return false;
  int fd = dirfd(directory.get());
  while (const char* entry = NextName(directory.get())) {
    if (RemoveEntry(fd, entry)) continue;
    fchmodat(fd, entry, S_IRWXU, 0);
    std::string place = absl::StrCat("cram-removes-", ++*moved);
    renameat(fd, entry, top, place.c_str());
  }
  return unlinkat(top, name, AT_REMOVEDIR) == 0;
}

}  // namespace

bool RemoveTree(const std::string& directory) {
  // The common case, and the cheapest: nothing is in it. Or it is gone, or
  // something else has its place.
  if (rmdir(directory.c_str()) == 0 || errno == ENOENT) return true;
  if (errno == ENOTDIR) return unlink(directory.c_str()) == 0;
  uint64_t moved = 0;
  for (bool progress = true; progress;) {
    progress = false;
    Directory top = OpenIn(AT_FDCWD, directory.c_str());
    if (top == nullptr) return false;
    while (const char* entry = NextName(top.get())) {
      int fd = dirfd(top.get());
      progress |= RemoveEntry(fd, entry) || RemoveLevel(fd, entry, &moved);
    }
    if (rmdir(directory.c_str()) == 0) return true;
  }
  return false;
}

}  // namespace cram
