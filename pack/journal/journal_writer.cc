#include "pack/journal/journal_writer.h"

namespace cram {

absl::StatusOr<std::unique_ptr<JournalWriter>> JournalWriter::Create(
    const std::string& path) {
  absl::StatusOr<std::unique_ptr<FrameWriter>> frames =
      FrameWriter::Create(path, kJournalFile);
  if (!frames.ok()) return frames.status();
  return std::unique_ptr<JournalWriter>(new JournalWriter(*std::move(frames)));
}

void JournalWriter::Append(const JournalRecord& record) {
  record.SerializeToString(&payload_);
  frames_->Append(payload_);
}

}  // namespace cram
