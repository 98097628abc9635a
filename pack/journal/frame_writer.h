// Appends frames to a file of one of our kinds. One writer a file.
#pragma once

#include <stdint.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pack/base/clock.h"
#include "pack/base/fd.h"
#include "pack/journal/frame.h"
#include "pack/journal/patient_file.h"

namespace cram {

// Append() only buffers; Flush() hands the buffer to the kernel (from where it
// survives the death of this process), Sync() to the disk. A failed Flush
// (a full disk) keeps what was not written: call it again later, and the file
// goes on at the very byte where it stopped. A Flush with less
// patience than a slow file system needs is Unavailable: the buffer is being
// written, or was not begun `before`; call it again to hear how that went.
class FrameWriter {
 public:
  // Creates `path`; fails when it exists.
  static absl::StatusOr<std::unique_ptr<FrameWriter>> Create(
      const std::string& path, const FileKind& kind);

  // Goes on with a file that nobody writes any more; what it has from the
  // offset `end` on is cut off.
  static absl::StatusOr<std::unique_ptr<FrameWriter>> Continue(
      const std::string& path, uint64_t end);

  // The offset in the file at which this frame begins.
  uint64_t Append(absl::string_view payload);

  int fd() const { return file_.fd(); }
  size_t buffered() const { return buffer_.size() + file_.pending(); }
  absl::Status Flush(absl::Duration patience = absl::InfiniteDuration(),
                     Instant before = absl::InfiniteDuration());
  absl::Status Sync();  // Flush, then fdatasync

 private:
  FrameWriter(UniqueFd fd, const std::string& path)
      : file_(std::move(fd), path), path_(path) {}

  PatientFile file_;
  std::string path_;
  std::string buffer_;
  uint64_t end_ = 0;  // file offset behind the buffer
};

}  // namespace cram
