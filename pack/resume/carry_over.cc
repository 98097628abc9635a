#include "pack/resume/carry_over.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <memory>

#include "pack/base/io.h"
#include "pack/journal/journal_writer.h"
#include "pack/journal/reader.h"
#include "pack/resume/content_match.h"

namespace cram {
namespace {

constexpr size_t kFlushAbove = 1 << 20;

// Sections of records, each behind the Opened of the journal that they are of.
class ResumedWriter {
 public:
  ResumedWriter(JournalWriter* journal, uint64_t subjobs)
      : journal_(journal), subjobs_(subjobs) {}

  void Add(const EarlierRun::Completed& completed, uint64_t index) {
    Open(completed.opened);
    if (completed.started != nullptr) {
      Started* started = record_.mutable_started();
      *started = *completed.started;
      started->set_index(index);
      journal_->Append(record_);
    }
    Ended* ended = record_.mutable_ended();
    *ended = completed.ended;
    ended->set_source_index(SourceIndex(completed.ended));
    ended->set_index(index);
    journal_->Append(record_);
    if (journal_->buffered() > kFlushAbove) status_.Update(journal_->Flush());
  }

  const absl::Status& status() const { return status_; }

 private:
  void Open(const Opened& opened) {
    if (opened.directory() == directory_ && opened.node_id() == node_id_) {
      return;
    }
    directory_ = opened.directory();
    node_id_ = opened.node_id();
    *record_.mutable_opened() = opened;
    record_.mutable_opened()->set_subjobs(subjobs_);
    journal_->Append(record_);
  }

  JournalWriter* journal_;
  uint64_t subjobs_;
  std::string directory_;  // of the section that is being written
  uint32_t node_id_ = 0;
  JournalRecord record_;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<CarriedOver> CarryOver(EarlierRun* earlier,
                                      ManifestReader* manifest,
                                      bool same_command,
                                      const RunDirectory& to) {
  IndexSet completed;
  absl::Status status =
      earlier->ForEachCompleted([&](const EarlierRun::Completed& one) {
        completed.Add(one.ended.index());
      });
  if (!status.ok()) return status;
  absl::StatusOr<std::vector<uint64_t>> match =
      MatchContent(earlier->manifest(), completed, manifest, same_command);
  if (!match.ok()) return match.status();

  std::string temporary = to.journal_resumed() + ".new";
  unlink(temporary.c_str());
  absl::StatusOr<std::unique_ptr<JournalWriter>> journal =
      JournalWriter::Create(temporary);
  if (!journal.ok()) return journal.status();
  CarriedOver carried;
  carried.left = IndexSet(IndexRange{0, manifest->size()});
  ResumedWriter writer(journal->get(), manifest->size());
  status = earlier->ForEachCompleted([&](const EarlierRun::Completed& one) {
    // One that has completed since is run again.
    if (one.ended.index() >= match->size()) return;
    uint64_t index = (*match)[one.ended.index()];
    if (index == kNowhere) return;
    writer.Add(one, index);
    carried.left.Remove(index);
    ++carried.completed;
  });
  status.Update(writer.status());
  status.Update((*journal)->Sync());
  if (status.ok() &&
      rename(temporary.c_str(), to.journal_resumed().c_str()) != 0) {
    status = ErrnoStatus("rename", temporary, errno);
  }
  if (!status.ok()) return status;
  if (IsTheSame(*earlier->manifest(), *manifest, same_command)) {
    IndexSet left = carried.left;
    carried.cut_off = left.Take(earlier->cut_off());
  }
  return carried;
}

}  // namespace cram
