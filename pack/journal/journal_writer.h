// Appends records to a node's journal, cram-journal(5).
#pragma once

#include <stddef.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "pack/base/clock.h"
#include "pack/journal/frame_writer.h"
#include "pack/journal/journal.pb.h"

namespace cram {

// One writer a file, which holds it (sign_of_life.h) for as long as it lives. A
// record that was appended is safe from the death of this process after
// Flush(), from that of the node after Sync(); a failed Flush (a full disk)
// keeps what was not written and can be called again.
class JournalWriter {
 public:
  // Creates `path`; fails when it exists.
  static absl::StatusOr<std::unique_ptr<JournalWriter>> Create(
      const std::string& path);

  // Goes on with the journal of a writer that died; a record that it did not
  // finish is cut off. Fails when the journal is damaged otherwise.
  static absl::StatusOr<std::unique_ptr<JournalWriter>> Continue(
      const std::string& path);

  void Append(const JournalRecord& record);

  size_t buffered() const { return frames_->buffered(); }
  absl::Status Flush(absl::Duration patience = absl::InfiniteDuration(),
                     Instant before = absl::InfiniteDuration()) {
    return frames_->Flush(patience, before);
  }
  absl::Status Sync() { return frames_->Sync(); }

 private:
  explicit JournalWriter(std::unique_ptr<FrameWriter> frames)
      : frames_(std::move(frames)) {}

  std::unique_ptr<FrameWriter> frames_;
  std::string payload_;  // kept for its capacity
};

}  // namespace cram
