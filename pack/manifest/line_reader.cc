#include "pack/manifest/line_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "pack/base/io.h"
#include "pack/manifest/layout.h"

namespace cram {
namespace {

constexpr size_t kBufferBytes = 64 << 10;

}  // namespace

absl::StatusOr<LineReader> LineReader::Open(const std::string& path) {
  if (path == "-") {
    return LineReader(UniqueFd(dup(STDIN_FILENO)), "standard input");
  }
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus(path, "", errno);
  return LineReader(std::move(fd), path);
}

absl::Status LineReader::Error(absl::string_view message) const {
  return absl::InvalidArgumentError(
      absl::StrCat(name_, ":", line_, ": ", message));
}

absl::Status LineReader::Fill() {
  buffer_.resize(kBufferBytes);
  ssize_t n;
  do {
    n = read(fd_.get(), &buffer_[0], buffer_.size());
  } while (n < 0 && errno == EINTR);
  if (n < 0) return ErrnoStatus(name_, "", errno);
  buffer_.resize(static_cast<size_t>(n));
  at_ = 0;
  end_ = n == 0;
  return absl::OkStatus();
}

absl::StatusOr<bool> LineReader::Next(std::string* line) {
  line->clear();
  ++line_;
  bool complete = false;
  while (!complete && !end_) {
    if (at_ == buffer_.size()) {
      absl::Status status = Fill();
      if (!status.ok()) return status;
    }
    size_t newline = buffer_.find('\n', at_);
    complete = newline != std::string::npos;
    size_t stop = complete ? newline : buffer_.size();
    line->append(buffer_, at_, stop - at_);
    at_ = complete ? stop + 1 : stop;
    if (line->size() > kMaxUnpackedBytes) return Error("too long a line");
  }
  if (!complete && line->empty()) return false;
  if (line->find('\0') != std::string::npos) return Error("a NUL byte");
  if (!line->empty() && line->back() == '\r') line->pop_back();
  if (line_ == 1 && absl::StartsWith(*line, "\xef\xbb\xbf")) line->erase(0, 3);
  return true;
}

}  // namespace cram
