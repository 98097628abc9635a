#include "pack/journal/journal_writer.h"

#include "absl/strings/str_cat.h"
#include "pack/journal/reader.h"
#include "pack/journal/sign_of_life.h"

namespace cram {

absl::StatusOr<std::unique_ptr<JournalWriter>> JournalWriter::Create(
    const std::string& path) {
  absl::StatusOr<std::unique_ptr<FrameWriter>> frames =
      FrameWriter::Create(path, kJournalFile);
  if (!frames.ok()) return frames.status();
  HoldJournal((*frames)->fd());
  return std::unique_ptr<JournalWriter>(new JournalWriter(*std::move(frames)));
}

absl::StatusOr<std::unique_ptr<JournalWriter>> JournalWriter::Continue(
    const std::string& path) {
  absl::StatusOr<JournalEnd> end =
      ReadJournal(path, [](const JournalRecord&) {});
  if (!end.ok()) return end.status();
  if (end->damaged) {
    return absl::DataLossError(
        absl::StrCat(path, ": damaged at byte ", end->position));
  }
  absl::StatusOr<std::unique_ptr<FrameWriter>> frames =
      FrameWriter::Continue(path, end->position);
  if (!frames.ok()) return frames.status();
  return std::unique_ptr<JournalWriter>(new JournalWriter(*std::move(frames)));
}

void JournalWriter::Append(const JournalRecord& record) {
  record.SerializeToString(&payload_);
  frames_->Append(payload_);
}

}  // namespace cram
