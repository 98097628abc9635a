#include "pack/manifest/mapped_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "pack/base/fd.h"
#include "pack/base/io.h"
#include "pack/manifest/checksum.h"

namespace cram {
namespace {

constexpr uint64_t kMostTouched = 8 << 20;
constexpr uint64_t kMostAtOnce = 1 << 20;
// One call reads no more than the file system's read-ahead, which has mostly at
// least this.
constexpr uint64_t kReadAhead = 128 << 10;
constexpr uint64_t kChecksumBytes = 1 << 20;

}  // namespace

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
  madvise(start, size, MADV_RANDOM);
  return MappedFile(absl::string_view(static_cast<const char*>(start), size));
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

void MappedFile::WillRead(absl::string_view part) const {
  if (part.empty()) return;
  auto begin = static_cast<uint64_t>(part.data() - bytes_.data());
  uint64_t end = begin + part.size();
  bool goes_on = begin >= read_begin_ && begin <= read_end_;
  if (goes_on && end <= read_end_) return;
  uint64_t from = goes_on ? read_end_ : begin;
  uint64_t more = goes_on ? std::min(2 * at_once_, kMostAtOnce) : 0;
  at_once_ = std::max(more, end - from);
  read_begin_ = begin;
  read_end_ = std::min<uint64_t>(from + at_once_, bytes_.size());
  Touched(read_end_ - from);
  static const auto kPage = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  for (from -= from % kPage; from < read_end_; from += kReadAhead) {
    madvise(const_cast<char*>(bytes_.data()) + from,
            std::min(kReadAhead, read_end_ - from), MADV_WILLNEED);
  }
}

void MappedFile::Touched(uint64_t bytes) const {
  touched_ += bytes;
  if (touched_ < kMostTouched) return;
  touched_ = 0;
  madvise(const_cast<char*>(bytes_.data()), bytes_.size(), MADV_DONTNEED);
}

uint32_t MappedFile::Checksum(uint64_t bytes) const {
  uint32_t crc = 0;
  for (uint64_t done = 0; done < bytes; done += kChecksumBytes) {
    absl::string_view piece =
        bytes_.substr(done, std::min(kChecksumBytes, bytes - done));
    WillRead(piece);
    crc = ExtendCrc32(crc, piece);
  }
  return crc;
}

}  // namespace cram
