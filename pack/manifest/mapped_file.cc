#include "pack/manifest/mapped_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "pack/base/fd.h"
#include "pack/base/io.h"

namespace cram {

absl::StatusOr<MappedFile> MappedFile::Open(const std::string& path) {
  // Without O_NONBLOCK a FIFO would make us wait for its writer.
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat stat;
  if (!fd.valid() || fstat(fd.get(), &stat) != 0) {
    return ErrnoStatus(path, "", errno);
  }
  if (S_ISDIR(stat.st_mode)) return ErrnoStatus(path, "", EISDIR);
  if (!S_ISREG(stat.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": not a regular file"));
  }
  if (stat.st_size == 0) return MappedFile({});
  size_t size = static_cast<size_t>(stat.st_size);
  void* start = mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (start == MAP_FAILED) return ErrnoStatus(path, "", errno);
  return MappedFile(absl::string_view(static_cast<const char*>(start), size));
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

}  // namespace cram
