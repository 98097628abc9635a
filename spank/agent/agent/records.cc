#include "spank/agent/agent/records.h"

#include "absl/time/clock.h"
#include "pack/base/clock.h"

namespace cram {
namespace {

// A disk takes microseconds, a busy server milliseconds. Caps, timers and
// signals wait for no longer than this.
constexpr absl::Duration kPatience = absl::Milliseconds(20);
// A file system that takes this long to write is like a full one.
constexpr absl::Duration kSlowIsBlocked = absl::Seconds(1);
constexpr size_t kMuchOnTheWay = 8 << 20;

}  // namespace

absl::StatusOr<std::unique_ptr<Records>> Records::Create(
    const RunDirectory& run, const Opened& opened, bool pack_output) {
  std::unique_ptr<Records> records(new Records());
  absl::StatusOr<std::unique_ptr<JournalWriter>> journal =
      JournalWriter::Create(run.journal(opened.node_id()));
  if (!journal.ok()) return journal.status();
  records->journal_ = *std::move(journal);
  if (pack_output) {
    absl::StatusOr<std::unique_ptr<OutputWriter>> output =
        OutputWriter::Create(run.output(opened.node_id()));
    if (!output.ok()) return output.status();
    records->output_ = *std::move(output);
  }
  JournalRecord record;
  *record.mutable_opened() = opened;
  records->Append(record);
  absl::Status status = records->journal_->Flush();
  if (!status.ok()) return status;
  return records;
}

bool Records::Flush(Instant before) {
  // Output first: a record never tells of output that is not there.
  absl::Status status;
  if (output_ != nullptr) status = output_->Flush(kPatience);
  if (status.ok()) status = journal_->Flush(kPatience, before);
  if (absl::IsUnavailable(status) && !SlowForLong()) return false;
  if (status.ok()) slow_since_.reset();
  status_ = std::move(status);
  return !blocked();
}

size_t Records::buffered() const {
  size_t output = output_ == nullptr ? 0 : output_->buffered();
  return journal_->buffered() + output;
}

// Whether records have been on their way for so long, or there are so many of
// them, that no more should come.
bool Records::SlowForLong() {
  Instant now = MonotonicNow();
  if (!slow_since_) slow_since_ = now;
  return buffered() > kMuchOnTheWay || now - *slow_since_ > kSlowIsBlocked;
}

absl::Status Records::Close() {
  // Output first, as in Flush().
  if (output_ != nullptr) {
    absl::Status status = output_->Sync();
    if (!status.ok()) return status;
  }
  JournalRecord record;
  record.mutable_closed()->set_time_ns(absl::GetCurrentTimeNanos());
  Append(record);
  return journal_->Sync();
}

}  // namespace cram
