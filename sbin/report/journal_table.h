// Reads one journal into the rows of the report.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "sbin/report/run.h"

namespace cram {

// Fills everything of `records` but node_id. The attempts' `node` becomes
// `place`. Errors: those of ReadJournal.
absl::Status ReadNodeRecords(const std::string& path, uint32_t place,
                             NodeRecords* records);

// Appends the sections of a journal.resumed to `records`, whose size is
// `place`. Errors: those of ReadJournal.
absl::Status ReadResumedRecords(const std::string& path, uint32_t place,
                                std::vector<NodeRecords>* records);

}  // namespace cram
