#include "pack/journal/journal_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include "absl/strings/str_cat.h"
#include "pack/base/fd.h"
#include "pack/journal/reader.h"

namespace cram {

absl::StatusOr<std::unique_ptr<JournalWriter>> JournalWriter::Create(
    const std::string& path) {
  absl::StatusOr<std::unique_ptr<FrameWriter>> frames =
      FrameWriter::Create(path, kJournalFile);
  if (!frames.ok()) return frames.status();
  // Where there are no locks nobody is told.
  (void)flock((*frames)->fd(), LOCK_EX | LOCK_NB);
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

bool JournalIsHeld(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return fd.valid() && flock(fd.get(), LOCK_SH | LOCK_NB) != 0 &&
         errno == EWOULDBLOCK;
}

}  // namespace cram
