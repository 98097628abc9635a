#include "sbin/cram/live_run.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "pack/base/clock.h"

namespace cram {
namespace {

// Agents look twice a second; a network file system may show them the request,
// and us the answer, half a minute late.
constexpr absl::Duration kPatience = absl::Seconds(90);

bool Answered(const Run& run, uint64_t position) {
  return std::any_of(
      run.nodes().begin(), run.nodes().end(),
      [=](const NodeRecords& node) { return node.answered >= position; });
}

absl::Status HasEnded(const Run& run) {
  return absl::FailedPreconditionError(
      absl::StrCat("run ", run.id(), " has ended"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Run>> LoadLive(const RunDirectory& directory) {
  absl::StatusOr<std::unique_ptr<Run>> run = Run::Load(directory);
  if (run.ok() && (*run)->ended()) return HasEnded(**run);
  return run;
}

absl::StatusOr<std::unique_ptr<Run>> AskAgents(const RunDirectory& directory,
                                               const Request& request) {
  Request dated = request;
  dated.set_time_ns(absl::GetCurrentTimeNanos());
  absl::StatusOr<uint64_t> position =
      AppendRequest(directory.requests(), dated);
  if (!position.ok()) return position.status();
  Instant give_up = MonotonicNow() + kPatience;
  for (;;) {
    absl::SleepFor(kBetweenLooks);
    absl::StatusOr<std::unique_ptr<Run>> run = Run::Load(directory);
    if (!run.ok()) return run;
    if (Answered(**run, *position)) return run;
    if ((*run)->ended()) return HasEnded(**run);
    if (MonotonicNow() > give_up) {
      return absl::DeadlineExceededError(
          absl::StrCat("run ", (*run)->id(),
                       " does not answer: are its agents "
                       "still there?"));
    }
  }
}

}  // namespace cram
