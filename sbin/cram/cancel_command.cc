#include "sbin/cram/cancel_command.h"

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "pack/base/clock.h"
#include "pack/base/index_set.h"
#include "sbin/cram/live_run.h"
#include "sbin/cram/print.h"
#include "sbin/report/selection.h"
#include "sbin/report/subjob_id.h"

namespace cram {
namespace {

// Longer than what runs has between SIGTERM and SIGKILL.
constexpr absl::Duration kTakesToEnd = absl::Seconds(20);

// Of the sub-jobs that were to be cancelled.
struct Outcome {
  IndexSet waited, ran;  // cancelled; before they started, or while they ran
  IndexSet ended;        // before they could be cancelled
  IndexSet not_yet;      // they wait or run
};

Outcome Look(const Run& run, const Selection& selection) {
  Outcome outcome;
  ForEachRow(run, selection, [&](const Row& row) {
    if (row.state == State::kPending || row.state == State::kRunning) {
      outcome.not_yet.Add(row.index);
    } else if (row.state != State::kCancelled || !row.attempt->by_user) {
      outcome.ended.Add(row.index);
    } else {
      bool started = row.attempt->end_ns > row.attempt->start_ns;
      (started ? outcome.ran : outcome.waited).Add(row.index);
    }
  });
  return outcome;
}

std::string WhatWasDone(const Run& run, const Outcome& outcome) {
  std::string text = absl::StrCat(
      run.id(), ": cancelled ",
      Counted(outcome.waited.size() + outcome.ran.size(), "sub-job"), ": ",
      outcome.waited.size(), " that waited, ", outcome.ran.size(),
      " that ran\n");
  if (!outcome.ended.empty()) {
    absl::StrAppend(&text, "had ended before: index ", outcome.ended.ToString(),
                    "\n");
  }
  if (!outcome.not_yet.empty()) {
    absl::StrAppend(&text, "will be cancelled: index ",
                    outcome.not_yet.ToString(), "\n");
  }
  return text;
}

}  // namespace

void DefineCancelCommand(CLI::App* command, CancelRequest* request) {
  command
      ->add_option("RUN", request->run,
                   "run directory, or id of the job, of the run or of a "
                   "sub-job (12.0_17)")
      ->required();
  command
      ->add_option("-i,--indexes", request->indexes,
                   "of the sub-jobs: 3,10-20, or all; unless an id was given")
      ->type_name("LIST");
}

absl::Status CancelSubJobs(CancelRequest request) {
  if (request.indexes.empty()) {
    request.indexes = TakeIndex(&request.run).value_or("");
  }
  if (request.indexes.empty()) {
    return absl::InvalidArgumentError(
        "which sub-jobs? Name them by -i: 3,10-20, or all");
  }
  absl::StatusOr<RunDirectory> directory = FindRun(request.run);
  if (!directory.ok()) return directory.status();
  absl::StatusOr<std::unique_ptr<Run>> run = LoadLive(*directory);
  if (!run.ok()) return run.status();
  absl::StatusOr<IndexSet> indexes = IndexSet({0, (*run)->subjobs()});
  if (request.indexes != "all") indexes = IndexSet::Parse(request.indexes);
  if (!indexes.ok()) return indexes.status();
  Selection selection;
  selection.indexes = *indexes;
  absl::Status status = CheckIndexes(selection, **run);
  if (!status.ok()) return status;

  Outcome outcome = Look(**run, selection);
  if (!outcome.not_yet.empty()) {
    Request asked;
    asked.mutable_cancel()->set_indexes(indexes->ToString());
    run = AskAgents(*directory, asked);
    if (!run.ok()) return run.status();
    outcome = Look(**run, selection);
  }
  Instant give_up = MonotonicNow() + kTakesToEnd;
  while (!outcome.not_yet.empty() && MonotonicNow() < give_up &&
         !(*run)->ended()) {
    absl::SleepFor(kBetweenLooks);
    run = Run::Load(*directory);
    if (!run.ok()) return run.status();
    outcome = Look(**run, selection);
  }
  return Print(WhatWasDone(**run, outcome));
}

}  // namespace cram
