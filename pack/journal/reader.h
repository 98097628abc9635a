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
};

// Calls `visit` for every record in order; the reference is good during the
// call. Stops without error at a torn tail. Errors: cannot be opened, not a
// journal, a newer major version.
absl::StatusOr<JournalEnd> ReadJournal(
    const std::string& path,
    const std::function<void(const JournalRecord&)>& visit);

}  // namespace cram
