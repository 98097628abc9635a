#include "pack/base/buffered_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "pack/base/io.h"

namespace cram {
namespace {

constexpr size_t kBufferBytes = 64 << 10;

}  // namespace

absl::StatusOr<BufferedReader> BufferedReader::Open(const std::string& path) {
  if (path == "-") {
    return BufferedReader(UniqueFd(dup(STDIN_FILENO)), "standard input");
  }
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus(path, "", errno);
  return BufferedReader(std::move(fd), path);
}

absl::StatusOr<absl::string_view> BufferedReader::Peek() {
  if (at_ == buffer_.size()) {
    buffer_.resize(kBufferBytes);
    at_ = 0;
    ssize_t n;
    do {
      n = read(fd_.get(), &buffer_[0], buffer_.size());
    } while (n < 0 && errno == EINTR);
    int error = errno;
    buffer_.resize(n < 0 ? 0 : static_cast<size_t>(n));
    if (n < 0) return ErrnoStatus(name_, "", error);
  }
  return absl::string_view(buffer_).substr(at_);
}

}  // namespace cram
