// A run that goes on, and what is asked of it.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "pack/base/run_directory.h"
#include "pack/journal/requests.h"
#include "sbin/report/run.h"

namespace cram {

// Between two looks at what its agents have done.
constexpr absl::Duration kBetweenLooks = absl::Milliseconds(300);

// The run as its journals show it now. Error: it has ended.
absl::StatusOr<std::unique_ptr<Run>> LoadLive(const RunDirectory& directory);

// Asks its agents, and waits until they say that it is done. Returns the run
// as it is then. Errors: who asks is not the run's user; the run ends first;
// nobody answers.
absl::StatusOr<std::unique_ptr<Run>> AskAgents(const RunDirectory& directory,
                                               const Request& request);

}  // namespace cram
