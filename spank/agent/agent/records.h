// A node's journal and packed output, and whether they can be written.
#pragma once

#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pack/base/clock.h"
#include "pack/base/run_directory.h"
#include "pack/journal/journal_writer.h"
#include "pack/journal/output_writer.h"
#include "spank/agent/loop/loop.h"

namespace cram {

class Records {
 public:
  // Both files must not exist. `opened` is the journal's first record.
  static absl::StatusOr<std::unique_ptr<Records>> Create(
      const RunDirectory& run, const Opened& opened, bool pack_output);

  void Append(const JournalRecord& record) { journal_->Append(record); }
  OutputWriter* output() const { return output_.get(); }  // none: not packed

  // Hands both to the kernel; whether that is done. A file system that is slow
  // to take them is like one that is full only after a second. A record that
  // does not get there `before` is not to get there later, but by another
  // Flush().
  bool Flush(Instant before = absl::InfiniteDuration());
  // Not ok: what came of the last Flush(), and why nothing more should be
  // written until it works again.
  const absl::Status& status() const { return status_; }
  bool blocked() const { return !status_.ok(); }
  // They are not where Flush() brings them, or only slowly so.
  bool wait() const { return blocked() || slow_since_.has_value(); }

  // The last record; everything is on the disk. Error: not all is, and records
  // that were not handed to the kernel before may be missing, as if they had
  // never been: never the output that one tells of.
  absl::Status Close();

 private:
  Records() = default;
  size_t buffered() const;
  bool SlowForLong();

  std::unique_ptr<JournalWriter> journal_;
  std::unique_ptr<OutputWriter> output_;
  absl::Status status_;
  std::optional<Instant> slow_since_;  // records are on their way
};

}  // namespace cram
