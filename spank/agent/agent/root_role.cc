#include "spank/agent/agent/root_role.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "pack/base/io.h"
#include "pack/resume/what_is_left.h"
#include "spank/agent/agent/summary.h"

namespace cram {
namespace {

uint64_t Failures(const std::array<uint64_t, kStates>& finished) {
  uint64_t failures = 0;
  for (State state : {State::kFailed, State::kOutOfMemory, State::kTimeout,
                      State::kNodeFail}) {
    failures += finished[static_cast<size_t>(state)];
  }
  return failures;
}

absl::StatusOr<WhatIsLeft> WriteWhatIsLeftOf(const RunDirectory& directory) {
  absl::StatusOr<std::unique_ptr<EarlierRun>> run =
      EarlierRun::Open(directory.path());
  if (!run.ok()) return run.status();
  return WriteWhatIsLeft(run->get(), directory.remainder());
}

}  // namespace

RootRole::RootRole(const Run* run)
    : run_(run), progress_(run->options.terminal, run->completed_before) {}

absl::StatusOr<std::unique_ptr<RootRole>> RootRole::Create(const Run* run,
                                                           Node* node) {
  std::unique_ptr<RootRole> role(new RootRole(run));
  absl::StatusOr<std::unique_ptr<Family>> family =
      Family::Create(run, node, Lease::Roots(run->patience), role.get());
  if (!family.ok()) return family.status();
  role->family_ = *std::move(family);
  // A part of a sub-job that runs on several nodes is not counted as running.
  if (run->options.run.release && run->step.in_slurm && run->of_ranks.empty()) {
    role->release_ = std::make_unique<Release>(run, role->family_.get());
  }
  return role;
}

void RootRole::Update() {
  family_->UpdateOwn();
  CheckFailures();
  if (release_ != nullptr) release_->Look();
  Progress all = family_->subtree().Totals();
  slots_ = std::max(slots_, all.slots);
  if (run_->options.run.progress) {
    all.finished[static_cast<size_t>(State::kCompleted)] +=
        run_->completed_before;
    all.finished[static_cast<size_t>(State::kPending)] = 0;
    progress_.Show(run_->subjobs, all.finished, all.running,
                   family_->subtree().finished());
  }
}

// From the loop: it may come from inside of the node.
void RootRole::GangSays(const wire::Message& message) {
  run_->loop->After(absl::ZeroDuration(), [this, message] {
    GangLeader* leader = family_->leader();
    if (leader == nullptr) return;
    if (message.has_gang_node()) leader->Hear(message.gang_node());
    if (message.has_gang_word()) leader->Hear(message.gang_word());
  });
}

void RootRole::CheckFailures() {
  uint64_t allowed = run_->options.run.FailuresAllowed(run_->subjobs);
  uint64_t failures = Failures(family_->subtree().Totals().finished);
  if (failures <= allowed || !stop_reason_.empty()) return;
  StopRun(absl::StrCat(failures, " sub-jobs failed, more than the ", allowed,
                       " allowed"));
}

void RootRole::NodeBenched(const std::string& node_name) {
  benched_.insert(node_name);
  run_->Say(absl::StrCat(node_name,
                         " is benched: sub-jobs that failed there, one after "
                         "the other, completed on another node"));
}

void RootRole::StopRun(const std::string& reason) {
  if (!stop_reason_.empty()) return;
  stop_reason_ = reason;
  run_->Say(absl::StrCat("stopping: ", reason));
  family_->Stop(reason);
}

int RootRole::Conclude() {
  Summary summary;
  summary.run_id = run_->step.run_id;
  summary.run_directory = run_->directory.path();
  summary.subjobs = run_->subjobs;
  summary.finished = family_->subtree().Totals().finished;
  summary.resumed_from = run_->options.run.resume;
  summary.completed_before = run_->completed_before;
  summary.finished[static_cast<size_t>(State::kCompleted)] +=
      run_->completed_before;
  // Set aside: they could not have ended in time.
  uint64_t& pending = summary.finished[static_cast<size_t>(State::kPending)];
  bool told_to_end =
      absl::Now() - run_->loop->stopped_for() >=
          run_->step.job_end - run_->options.run.end_notice &&
      summary.finished[static_cast<size_t>(State::kCancelled)] != 0;
  if (stop_reason_.empty() && told_to_end) {
    stop_reason_ = std::string(kJobTimeLimit);
  } else if (stop_reason_.empty() && pending != 0) {
    stop_reason_ = "too little time was left of the job for the rest";
  }
  pending = 0;
  summary.to_go_on = ToGoOn(run_->step, run_->directory);
  summary.nodes = run_->step.nodes;
  summary.slots = slots_;
  summary.lost_nodes.assign(lost_.begin(), lost_.end());
  summary.benched_nodes.assign(benched_.begin(), benched_.end());
  summary.stop_reason = stop_reason_;
  summary.start = run_->start.time;
  summary.end = run_->start.Now();
  if (summary.exit_status() == kStoppedEarly) {
    absl::StatusOr<IndexSet> left = FindWithoutResult(
        run_->directory,
        run_->left ? *run_->left : IndexSet({0, summary.subjobs}));
    if (left.ok()) {
      summary.without_result = *std::move(left);
      summary.CountUntried();
    }
  }
  absl::Status written = ReplaceFile(run_->directory.summary(), summary.Json());
  if (!written.ok()) run_->Say(std::string(written.message()));
  run_->Say(summary.Text());
  if (summary.exit_status() == kStoppedEarly) WriteRemainder();
  return summary.exit_status();
}

// For who wants to run it somewhere else; a resume does not need it. The last
// thing that is done: Slurm may not leave the time.
void RootRole::WriteRemainder() {
  absl::StatusOr<WhatIsLeft> left = WriteWhatIsLeftOf(run_->directory);
  if (!left.ok()) {
    run_->Say(absl::StrCat("what is left is not written as a manifest: ",
                           left.status().message()));
  } else if (left->subjobs != 0) {
    run_->Say(absl::StrCat(
        "what is left, as a manifest: ", run_->directory.remainder(), ", ",
        left->subjobs, left->subjobs == 1 ? " sub-job" : " sub-jobs"));
  }
}

}  // namespace cram
