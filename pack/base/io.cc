#include "pack/base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "absl/strings/str_cat.h"

namespace cram {

absl::Status ErrnoStatus(absl::string_view operation, absl::string_view path,
                         int error) {
  return absl::Status(absl::ErrnoToStatusCode(error),
                      absl::StrCat(operation, path.empty() ? "" : " ", path,
                                   ": ", strerror(error)));
}

absl::Status WithContext(absl::string_view context,
                         const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(context, ": ", status.message()));
}

absl::StatusOr<UniqueFd> OpenFile(const std::string& path, int flags,
                                  mode_t mode) {
  int fd;
  do {
    fd = open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return ErrnoStatus("open", path, errno);
  return UniqueFd(fd);
}

absl::StatusOr<std::string> ReadAll(int fd, absl::string_view name) {
  std::string content;
  char buffer[16384];
  for (;;) {
    ssize_t n = read(fd, buffer, sizeof buffer);
    if (n == 0) return content;
    if (n > 0) {
      content.append(buffer, n);
    } else if (errno != EINTR) {
      return ErrnoStatus("read", name, errno);
    }
  }
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  absl::StatusOr<UniqueFd> fd = OpenFile(path, O_RDONLY);
  if (!fd.ok()) return fd.status();
  return ReadAll(fd->get(), path);
}

absl::Status WriteFull(int fd, absl::string_view bytes,
                       absl::string_view name) {
  while (!bytes.empty()) {
    ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n >= 0) {
      bytes.remove_prefix(n);
    } else if (errno != EINTR) {
      return ErrnoStatus("write", name, errno);
    }
  }
  return absl::OkStatus();
}

absl::Status ReplaceFile(const std::string& path, absl::string_view bytes,
                         mode_t mode) {
  std::string temporary = absl::StrCat(path, ".XXXXXX");
  UniqueFd fd(mkostemp(&temporary[0], O_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus("create", temporary, errno);
  absl::Status status = WriteFull(fd.get(), bytes, temporary);
  if (status.ok() && fchmod(fd.get(), mode) != 0) {
    status = ErrnoStatus("chmod", temporary, errno);
  }
  if (status.ok() && rename(temporary.c_str(), path.c_str()) != 0) {
    status = ErrnoStatus("rename", path, errno);
  }
  if (!status.ok()) unlink(temporary.c_str());
  return status;
}

std::string AbsolutePath(absl::string_view path) {
  if (!path.empty() && path[0] == '/') return std::string(path);
  char cwd[PATH_MAX];
  if (getcwd(cwd, sizeof cwd) == nullptr) return std::string(path);
  return absl::StrCat(cwd, "/", path);
}

}  // namespace cram
