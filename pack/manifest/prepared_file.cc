#include "pack/manifest/prepared_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"

namespace cram {
namespace {

// What open(2) would have given a file that it creates.
mode_t DefaultMode() {
  mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

// Whether `path` is what `fd` is open on.
bool IsStill(const std::string& path, int fd, struct stat* opened) {
  struct stat named;
  return fstat(fd, opened) == 0 && stat(path.c_str(), &named) == 0 &&
         named.st_dev == opened->st_dev && named.st_ino == opened->st_ino;
}

// False: somebody else has the lock, or had it and has replaced the file since
// it was opened.
absl::StatusOr<bool> Lock(const std::string& path, int fd,
                          struct stat* opened) {
  bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
  if (!locked && errno != EWOULDBLOCK) return ErrnoStatus("lock", path, errno);
  return locked && IsStill(path, fd, opened);
}

// Where a symbolic link leads, so that what is added lands there; as it is,
// where that cannot be known.
std::string Resolved(const std::string& path) {
  char resolved[PATH_MAX];
  struct stat link;
  bool is_link = lstat(path.c_str(), &link) == 0 && S_ISLNK(link.st_mode);
  return is_link && realpath(path.c_str(), resolved) != nullptr ? resolved
                                                                : path;
}

// Open for writing, or flock(2) would not lock on NFS.
absl::StatusOr<UniqueFd> OpenLocked(const std::string& path) {
  absl::StatusOr<UniqueFd> fd = OpenFile(path, O_RDWR);
  if (absl::IsNotFound(fd.status())) {
    return absl::NotFoundError(absl::StrCat(
        path, ": there is no manifest to add to; make it without --append"));
  }
  if (!fd.ok()) return fd;
  struct stat opened;
  absl::StatusOr<bool> locked = Lock(path, fd->get(), &opened);
  if (!locked.ok()) return locked.status();
  if (!*locked) {
    return absl::UnavailableError(absl::StrCat(
        path, ": somebody else is adding to it; try again when that is done"));
  }
  return fd;
}

}  // namespace

PreparedFile::PreparedFile(const std::string& path)
    : path_(path), part_(absl::StrCat(path, ".part")), process_(getpid()) {}

PreparedFile::~PreparedFile() {
  if (is_there_ && process_ == getpid()) unlink(part_.c_str());
}

absl::StatusOr<std::unique_ptr<PreparedFile>> PreparedFile::Create(
    const std::string& path) {
  struct stat there;
  if (stat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": is there and not a regular file"));
  }
  std::unique_ptr<PreparedFile> file(new PreparedFile(path));
  absl::Status status = file->Open();
  if (!status.ok()) return status;
  return file;
}

absl::StatusOr<std::unique_ptr<PreparedFile>> PreparedFile::CreateFrom(
    const std::string& name) {
  std::string path = Resolved(name);
  absl::StatusOr<UniqueFd> old = OpenLocked(path);
  if (!old.ok()) return old.status();
  absl::StatusOr<std::unique_ptr<PreparedFile>> file = Create(path);
  if (file.ok()) (*file)->old_ = *std::move(old);
  return file;
}

absl::Status PreparedFile::Open() {
  fd_.reset(
      open(part_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd_.valid()) return ErrnoStatus("create", path_, errno);
  struct stat opened;
  absl::StatusOr<bool> locked = Lock(part_, fd_.get(), &opened);
  if (!locked.ok()) return locked.status();
  if (!*locked) {
    return absl::UnavailableError(
        absl::StrCat(path_,
                     ": another cram pack is writing it; try again when "
                     "that is done"));
  }
  if (opened.st_uid != geteuid() || !S_ISREG(opened.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(part_, ": is in the way; remove it"));
  }
  if (ftruncate(fd_.get(), 0) != 0) {
    return ErrnoStatus("truncate", part_, errno);
  }
  is_there_ = true;
  return absl::OkStatus();
}

// A name that lies on the disk while its content does not would be an empty
// manifest after a power cut: so the content goes first.
absl::Status PreparedFile::TakeName() {
  mode_t mode = DefaultMode();
  struct stat old;
  if (old_.valid()) {
    if (!IsStill(path_, old_.get(), &old)) {
      return absl::AbortedError(absl::StrCat(
          path_, ": was replaced while this was added to it; pack again"));
    }
    mode = old.st_mode & 07777;
  }
  if (fchmod(fd_.get(), mode) != 0) return ErrnoStatus("chmod", path_, errno);
  if (fsync(fd_.get()) != 0) return ErrnoStatus("fsync", path_, errno);
  if (rename(part_.c_str(), path_.c_str()) != 0) {
    return ErrnoStatus("rename to", path_, errno);
  }
  is_there_ = false;
  return absl::OkStatus();
}

}  // namespace cram
