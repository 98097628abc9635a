// Reads a node's journal, live or after the end.
#pragma once

#include <stdint.h>

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "pack/journal/journal.pb.h"

namespace cram {

struct JournalEnd {
  uint64_t position = 0;  // file offset behind the last good record
  bool torn = false;      // bytes follow it that are no record
  bool damaged = false;   // they are not merely cut off: something is wrong
};

// Calls `visit` for every record in order; the reference is good during the
// call. Stops without error at a torn tail and at a damaged record: what is
// before it counts. Holds about 1 MiB, whatever the size of the journal.
// Errors: cannot be opened or read, not a journal, a newer major version.
absl::StatusOr<JournalEnd> ReadJournal(
    const std::string& path,
    const std::function<void(const JournalRecord&)>& visit);

// The first record alone. Errors: as ReadJournal; there is none.
absl::StatusOr<JournalRecord> ReadFirstRecord(const std::string& path);

// The index by which the attempt's output is found in the run that ran it.
uint64_t SourceIndex(const Ended& ended);

}  // namespace cram
