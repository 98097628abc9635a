// Appends what sub-jobs print to a node's packed output, cram-output(5).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pack/journal/frame_writer.h"
#include "pack/journal/journal.pb.h"

namespace cram {

// OutputChunk.stream.
enum class OutputStream : uint32_t { kStdout = 1, kStderr = 2 };

// Whose bytes they are.
struct OutputSource {
  uint64_t index = 0;
  uint32_t attempt = 0;
  OutputStream stream = OutputStream::kStdout;
  std::optional<uint32_t> rank = std::nullopt;  // in a sub-job of several
};

// One writer a file; Flush and Sync as FrameWriter's.
class OutputWriter {
 public:
  // Creates `path`; fails when it exists.
  static absl::StatusOr<std::unique_ptr<OutputWriter>> Create(
      const std::string& path);

  // Appends `data` (long data becomes several chunks; empty only when
  // `left_out` bytes of the stream are missing before it) and returns
  // the offset of its first chunk. The offset of an attempt's first chunk, of
  // either stream, goes to Ended.output_offset.
  uint64_t Append(const OutputSource& source, absl::string_view data,
                  uint64_t left_out = 0);

  size_t buffered() const { return frames_->buffered(); }
  absl::Status Flush(absl::Duration patience = absl::InfiniteDuration()) {
    return frames_->Flush(patience);
  }
  absl::Status Sync() { return frames_->Sync(); }

 private:
  explicit OutputWriter(std::unique_ptr<FrameWriter> frames)
      : frames_(std::move(frames)) {}

  uint64_t AppendChunk(absl::string_view data);

  std::unique_ptr<FrameWriter> frames_;
  OutputChunk chunk_;    // both kept for
  std::string payload_;  // their capacity
};

}  // namespace cram
