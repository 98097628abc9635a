#include "pack/journal/requests.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"
#include "pack/journal/frame_reader.h"

namespace cram {
namespace {

constexpr FileKind kRequestsFile = {"cramreqs", 1, 0};

// Two who ask at once do so one after the other. Where the file system has no
// locks their frames still do not mix: each is one write.
void Lock(int fd) {
  struct flock whole = {};
  whole.l_type = F_WRLCK;
  while (fcntl(fd, F_SETLKW, &whole) != 0 && errno == EINTR) {
  }
}

// Behind the last whole request: who died while asking may have left a part.
absl::StatusOr<uint64_t> FindEnd(const std::string& path) {
  RequestReader reader(path);
  absl::Status status = reader.ReadNew().status();
  if (!status.ok()) return status;
  return reader.position();
}

}  // namespace

absl::Status CreateRequests(const std::string& path) {
  absl::StatusOr<UniqueFd> fd =
      OpenFile(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (!fd.ok()) return fd.status();
  return WriteFull(fd->get(), EncodeFileHeader(kRequestsFile), path);
}

absl::StatusOr<uint64_t> AppendRequest(const std::string& path,
                                       const Request& request) {
  absl::StatusOr<UniqueFd> fd = OpenFile(path, O_WRONLY | O_APPEND);
  if (!fd.ok()) return fd.status();
  Lock(fd->get());
  absl::StatusOr<uint64_t> end = FindEnd(path);
  if (!end.ok()) return end.status();
  if (ftruncate(fd->get(), static_cast<off_t>(*end)) != 0) {
    return ErrnoStatus("truncate", path, errno);
  }
  std::string frame;
  AppendFrame(request.SerializeAsString(), &frame);
  absl::Status status = WriteFull(fd->get(), frame, path);
  if (status.ok() && fsync(fd->get()) != 0) {
    status = ErrnoStatus("fsync", path, errno);
  }
  if (!status.ok()) return status;
  return *end + frame.size();
}

RequestReader::RequestReader(std::string path)
    : path_(std::move(path)), position_(kFileHeaderBytes) {}

absl::StatusOr<std::vector<Request>> RequestReader::ReadNew() {
  std::vector<Request> requests;
  absl::StatusOr<UniqueFd> fd = OpenFile(path_, O_RDONLY);
  if (!fd.ok()) return fd.status();
  struct stat file;
  if (fstat(fd->get(), &file) != 0) return ErrnoStatus("stat", path_, errno);
  if (static_cast<uint64_t>(file.st_size) <= position_) return requests;
  absl::StatusOr<std::unique_ptr<FrameReader>> reader =
      FrameReader::Open(path_, kRequestsFile, position_);
  if (!reader.ok()) return reader.status();
  while (std::optional<absl::string_view> payload = (*reader)->Next()) {
    Request& request = requests.emplace_back();
    if (!request.ParseFromArray(payload->data(),
                                static_cast<int>(payload->size()))) {
      return absl::DataLossError(absl::StrCat(path_, ": a malformed request"));
    }
    position_ = (*reader)->position();
  }
  if (!(*reader)->status().ok()) return (*reader)->status();
  if ((*reader)->damaged()) {
    return absl::DataLossError(
        absl::StrCat(path_, ": damaged at byte ", position_));
  }
  return requests;
}

}  // namespace cram
