// Which rows of a run are shown.
#pragma once

#include <bitset>
#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pack/base/index_set.h"
#include "pack/base/outcome.h"
#include "sbin/report/fields.h"
#include "sbin/report/run.h"

namespace cram {

struct Selection {
  std::optional<IndexSet> indexes;  // none: all sub-jobs
  std::bitset<kStates> states;      // none set: all states
  bool every_attempt = false;       // oldest first, else the last one only
};

// "F,oom,CANCELLED": short or long, in any case. The error lists them.
absl::StatusOr<std::bitset<kStates>> ParseStates(absl::string_view list);

// Fails when the selection names an index that the run does not have.
absl::Status CheckIndexes(const Selection& selection, const Run& run);

// Rows in ascending order of index.
void ForEachRow(const Run& run, const Selection& selection,
                const std::function<void(const Row&)>& visit);

}  // namespace cram
