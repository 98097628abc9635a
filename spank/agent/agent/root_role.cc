#include "spank/agent/agent/root_role.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "pack/base/io.h"
#include "spank/agent/agent/summary.h"
#include "spank/wire/index_ranges.h"

namespace cram {
namespace {

// How long the end waits for members to close their journals.
constexpr absl::Duration kLeavePatience = absl::Seconds(5);
constexpr absl::Duration kAbsentPatience = absl::Seconds(5);

RootPool::Progress FromWire(const wire::Report& report) {
  RootPool::Progress progress;
  int states = std::min<int>(report.finished_size(), kStates);
  for (int i = 0; i < states; ++i) progress.finished[i] = report.finished(i);
  progress.unstarted = report.unstarted();
  progress.running = report.running();
  progress.stopping = report.stopping();
  return progress;
}

uint64_t Failures(const std::array<uint64_t, kStates>& finished) {
  uint64_t failures = 0;
  for (State state : {State::kFailed, State::kOutOfMemory, State::kTimeout,
                      State::kNodeFail}) {
    failures += finished[static_cast<size_t>(state)];
  }
  return failures;
}

}  // namespace

RootRole::RootRole(const Run* run, Node* node)
    : run_(run),
      node_(node),
      pool_(run->left ? RootPool(*run->left, run->step.nodes, this)
                      : RootPool(run->manifest->size(), run->step.nodes, this)),
      progress_(run->manifest->size(), run->start, run->options.terminal),
      slots_(node->slots()) {
  names_[0] = run->step.node_name;
}

absl::StatusOr<std::unique_ptr<RootRole>> RootRole::Create(const Run* run,
                                                           Node* node) {
  std::unique_ptr<RootRole> role(new RootRole(run, node));
  if (run->step.nodes > 1) {
    absl::StatusOr<std::unique_ptr<RootServer>> server = RootServer::Start(
        run->loop.get(), run->step.nodes, run->manifest->fingerprint(),
        run->directory.root(), role.get(), RootServer::Patience());
    if (!server.ok()) return server.status();
    role->server_ = *std::move(server);
  }
  return role;
}

void RootRole::Update() {
  RootPool::Progress own;
  own.finished = node_->finished();
  own.unstarted = node_->unstarted();
  own.running = node_->running();
  own.stopping = node_->stopping();
  pool_.Report(0, own);
  CheckFailures();
  if (!asked_ && !node_->stopping() && own.unstarted < node_->slots()) {
    asked_ = true;
    pool_.Ask(0);
  }
  if (run_->options.run.progress) {
    RootPool::Progress all = pool_.Totals();
    all.finished[static_cast<size_t>(State::kCompleted)] +=
        run_->completed_before;
    progress_.Show(all.finished, all.running, pool_.finished());
  }
}

void RootRole::CheckFailures() {
  uint64_t allowed = run_->options.run.FailuresAllowed(run_->manifest->size());
  uint64_t failures = Failures(pool_.Totals().finished);
  if (failures <= allowed || !stop_reason_.empty()) return;
  StopRun(absl::StrCat(failures, " sub-jobs failed, more than the ", allowed,
                       " allowed"));
}

void RootRole::StopRun(const std::string& reason) {
  if (!stop_reason_.empty()) return;
  stop_reason_ = reason;
  run_->Say(absl::StrCat("stopping: ", reason));
  wire::Message stop;
  stop.mutable_stop()->set_reason(reason);
  if (server_ != nullptr) {
    for (uint32_t node = 1; node < run_->step.nodes; ++node) {
      server_->Send(node, stop);
    }
  }
  node_->Stop();
  pool_.Stop();
  Update();
  run_->loop->After(kAbsentPatience, [this] { GiveUpAbsent(); });
}

void RootRole::Cancel(const IndexSet& indexes) {
  cancelled_.AddAll(indexes);
  wire::Message cancel;
  ToWire(indexes, cancel.mutable_cancel()->mutable_indexes());
  if (server_ != nullptr) {
    for (uint32_t node = 1; node < run_->step.nodes; ++node) {
      server_->Send(node, cancel);
    }
  }
  node_->Cancel(indexes);
  pool_.GiveTo(0, indexes);
}

// A node that has not come when the run is stopped is not waited for as long
// as at its start: Slurm kills soon.
void RootRole::GiveUpAbsent() {
  for (uint32_t node = 1; node < run_->step.nodes; ++node) {
    if (names_.count(node) != 0 || pool_.lost(node)) continue;
    MemberLost(node, absl::UnavailableError(
                         "it had not come when the run was stopped"));
  }
}

bool RootRole::done() const {
  if (!left_) return false;
  return server_ == nullptr || server_->connected() == 0 ||
         absl::Now() - left_at_ > kLeavePatience;
}

int RootRole::Conclude() {
  Summary summary;
  summary.run_id = run_->step.run_id;
  summary.run_directory = run_->directory.path();
  summary.subjobs = run_->manifest->size();
  summary.finished = pool_.Totals().finished;
  summary.resumed_from = run_->options.run.resume;
  summary.completed_before = run_->completed_before;
  summary.finished[static_cast<size_t>(State::kCompleted)] +=
      run_->completed_before;
  summary.nodes = run_->step.nodes;
  summary.slots = slots_;
  summary.lost_nodes = lost_;
  summary.stop_reason = stop_reason_;
  summary.start = run_->start;
  summary.end = absl::Now();
  if (summary.exit_status() == kStoppedEarly) {
    absl::StatusOr<IndexSet> left = FindWithoutResult(
        run_->directory,
        run_->left ? run_->left->indexes() : IndexSet({0, summary.subjobs}));
    if (left.ok()) summary.without_result = *std::move(left);
  }
  absl::Status written = ReplaceFile(run_->directory.summary(), summary.Json());
  if (!written.ok()) run_->Say(std::string(written.message()));
  run_->Say(summary.Text());
  return summary.exit_status();
}

// ---- What the pool says. Our own node is told later, from the loop: the pool
// must not be called back.

void RootRole::Grant(uint32_t node, const IndexSet& indexes) {
  if (node == 0) {
    run_->loop->After(absl::ZeroDuration(), [this, indexes] {
      asked_ = false;
      node_->Add(indexes);
    });
    return;
  }
  wire::Message message;
  ToWire(indexes, message.mutable_grant()->mutable_indexes());
  server_->Send(node, message);
}

void RootRole::Recall(uint32_t node, uint64_t count) {
  if (node == 0) {
    run_->loop->After(absl::ZeroDuration(), [this, count] {
      pool_.Returned(0, node_->GiveBack(count));
    });
    return;
  }
  wire::Message message;
  message.mutable_recall()->set_count(count);
  server_->Send(node, message);
}

void RootRole::Finish(uint32_t node) {
  if (node == 0) {
    left_ = true;
    left_at_ = absl::Now();
    run_->changed();
    return;
  }
  wire::Message message;
  message.mutable_finish();
  server_->Send(node, message);
}

// ---- What members say.

std::string RootRole::NodeName(uint32_t node) const {
  auto name = names_.find(node);
  return name == names_.end() ? absl::StrCat("node ", node) : name->second;
}

void RootRole::MemberJoined(uint32_t node, const wire::Hello& hello) {
  names_[node] = hello.node_name();
  slots_ += hello.slots();
  if (!cancelled_.empty()) {
    wire::Message cancel;
    ToWire(cancelled_, cancel.mutable_cancel()->mutable_indexes());
    server_->Send(node, cancel);
  }
  if (stop_reason_.empty()) return;
  wire::Message stop;
  stop.mutable_stop()->set_reason(stop_reason_);
  server_->Send(node, stop);
}

void RootRole::MemberSays(uint32_t node, const wire::Message& message) {
  if (message.has_report()) {
    pool_.Report(node, FromWire(message.report()));
    CheckFailures();
  } else if (message.has_ask()) {
    pool_.Ask(node);
  } else if (message.has_return_()) {
    pool_.Returned(node, ::cram::FromWire(message.return_().indexes(),
                                          run_->manifest->size()));
  }
}

void RootRole::MemberLost(uint32_t node, const absl::Status& reason) {
  run_->changed();
  // It left because it was told to, or was given up already.
  if (pool_.finished() || pool_.lost(node)) return;
  lost_.push_back(NodeName(node));
  run_->Say(absl::StrCat("the agent on ", NodeName(node),
                         " was lost: ", reason.message()));
  pool_.Lost(node);
}

}  // namespace cram
