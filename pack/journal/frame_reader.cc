#include "pack/journal/frame_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "pack/base/io.h"

namespace cram {
namespace {

constexpr size_t kBufferBytes = 1 << 20;

absl::StatusOr<size_t> ReadAt(int fd, uint64_t offset, char* buffer,
                              size_t size, const std::string& path) {
  ssize_t n;
  do {
    n = pread(fd, buffer, size, static_cast<off_t>(offset));
  } while (n < 0 && errno == EINTR);
  if (n < 0) return ErrnoStatus("read", path, errno);
  return n;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FrameReader>> FrameReader::Open(
    const std::string& path, const FileKind& kind, uint64_t offset) {
  absl::StatusOr<UniqueFd> fd = OpenFile(path, O_RDONLY);
  if (!fd.ok()) return fd.status();
  return std::unique_ptr<FrameReader>(
      new FrameReader(*std::move(fd), path, kind, offset));
}

std::optional<absl::string_view> FrameReader::Next() {
  if (!status_.ok() || !(header_checked_ || CheckHeader())) return std::nullopt;
  for (;;) {
    if (auto payload = parser_.Next()) return payload;
    if (parser_.damaged() || !Fill()) return std::nullopt;
  }
}

bool FrameReader::CheckHeader() {
  char bytes[kFileHeaderBytes];
  absl::StatusOr<size_t> n = ReadAt(fd_.get(), 0, bytes, sizeof bytes, path_);
  if (!n.ok()) {
    status_ = n.status();
    return false;
  }
  absl::string_view header(bytes, *n);
  // The writer may have died, or not come far yet, in its very first write.
  bool cut = *n < kFileHeaderBytes &&
             absl::StartsWith(EncodeFileHeader(kind_), header);
  header_torn_ = cut && *n > 0;
  if (cut) return false;
  status_ = WithContext(path_, CheckFileHeader(header, kind_));
  header_checked_ = status_.ok();
  return header_checked_;
}

bool FrameReader::Fill() {
  absl::string_view rest = parser_.rest();
  size_t kept = rest.size();
  if (kept > 0) memmove(&buffer_[0], rest.data(), kept);
  if (kept == buffer_.size()) buffer_.resize(std::max(kBufferBytes, 2 * kept));
  uint64_t position = parser_.position();
  absl::StatusOr<size_t> n = ReadAt(fd_.get(), position + kept, &buffer_[kept],
                                    buffer_.size() - kept, path_);
  if (!n.ok()) status_ = n.status();
  size_t added = n.ok() ? *n : 0;
  parser_ =
      FrameParser(absl::string_view(buffer_.data(), kept + added), position);
  return added > 0;
}

}  // namespace cram
