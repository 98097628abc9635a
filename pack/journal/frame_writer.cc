#include "pack/journal/frame_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "pack/base/io.h"

namespace cram {
absl::StatusOr<std::unique_ptr<FrameWriter>> FrameWriter::Create(
    const std::string& path, const FileKind& kind) {
  absl::StatusOr<UniqueFd> fd =
      OpenFile(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND);
  if (!fd.ok()) return fd.status();
  std::unique_ptr<FrameWriter> writer(new FrameWriter(*std::move(fd), path));
  writer->buffer_ = EncodeFileHeader(kind);
  writer->end_ = writer->buffer_.size();
  absl::Status status = writer->Flush();
  if (!status.ok()) return status;
  return writer;
}

absl::StatusOr<std::unique_ptr<FrameWriter>> FrameWriter::Continue(
    const std::string& path, uint64_t end) {
  absl::StatusOr<UniqueFd> fd = OpenFile(path, O_WRONLY | O_APPEND);
  if (!fd.ok()) return fd.status();
  if (ftruncate(fd->get(), static_cast<off_t>(end)) != 0) {
    return ErrnoStatus("truncate", path, errno);
  }
  std::unique_ptr<FrameWriter> writer(new FrameWriter(*std::move(fd), path));
  writer->end_ = end;
  return writer;
}

uint64_t FrameWriter::Append(absl::string_view payload) {
  uint64_t offset = end_;
  AppendFrame(payload, &buffer_);
  end_ += kFrameHeaderBytes + payload.size();
  return offset;
}

absl::Status FrameWriter::Flush(absl::Duration patience, Instant before) {
  return file_.Write(&buffer_, patience, before);
}

absl::Status FrameWriter::Sync() {
  absl::Status status = Flush();
  if (status.ok() && fdatasync(fd()) != 0) {
    status = ErrnoStatus("fdatasync", path_, errno);
  }
  return status;
}

}  // namespace cram
