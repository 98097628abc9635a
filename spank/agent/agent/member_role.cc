#include "spank/agent/agent/member_role.h"

#include <unistd.h>

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pack/base/clock.h"
#include "spank/agent/agent/work_message.h"
#include "spank/wire/index_ranges.h"

namespace cram {
namespace {

// A report at least so often, and of something new no more often than that: an
// agent has 32 children, and its parent as many.
constexpr absl::Duration kReportAtLeast = absl::Seconds(1);
constexpr absl::Duration kReportAtMost = absl::Milliseconds(250);

uint64_t Clock() { return absl::ToInt64Milliseconds(MonotonicNow()); }

bool IsIdle(const Progress& progress) {
  return progress.running == 0 && progress.unstarted == 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<MemberRole>> MemberRole::Create(const Run* run,
                                                               Node* node) {
  std::unique_ptr<MemberRole> role(new MemberRole(run, node));
  Lease lease(run->patience, MonotonicNow());
  absl::StatusOr<std::unique_ptr<Family>> family =
      Family::Create(run, node, lease, role.get());
  if (!family.ok()) return family.status();
  role->family_ = *std::move(family);
  ParentLink::Listener* listener = role.get();
  role->link_ =
      std::make_unique<ParentLink>(run->loop.get(), &run->directory, run->tree,
                                   run->step.node_id, run->patience, listener);
  return role;
}

void MemberRole::Update() {
  LookForEnd();
  CheckLease();
  family_->UpdateOwn();
  ReportWhenDue();
}

// When there was little to do, the run may end before this node has come.
void MemberRole::LookForEnd() {
  bool began =
      !node_->idle() || node_->finished() != std::array<uint64_t, kStates>();
  if (link_->joined() || began ||
      access(run_->directory.summary().c_str(), F_OK) != 0) {
    return;
  }
  family_->subtree().Finish();
}

void MemberRole::StillHere() {
  CheckLease();
  Report();
}

void MemberRole::CheckLease() {
  Instant now = MonotonicNow();
  Lease& lease = family_->lease();
  if (family_->subtree().finished()) return;
  if (lease.At(now) == Lease::State::kOver) {
    Abandon("nobody above was heard for too long");
  }
  if (link_->joined() && lease.LooksElsewhere(now)) {
    link_->LookElsewhere(absl::DeadlineExceededError("it is silent"));
  }
}

void MemberRole::Report() {
  reported_ = family_->subtree().Totals();
  reported_at_ = run_->loop->now();
  wire::Message message;
  ToWire(reported_, message.mutable_report());
  message.mutable_report()->set_said_ms(Clock());
  link_->Send(message);
}

void MemberRole::ReportWhenDue() {
  Progress now = family_->subtree().Totals();
  absl::Duration since = run_->loop->now() - reported_at_;
  bool news = now.finished != reported_.finished ||
              now.running != reported_.running ||
              now.unstarted != reported_.unstarted;
  bool urgent =
      (IsIdle(now) && !IsIdle(reported_)) || now.stopping != reported_.stopping;
  if (urgent || since >= kReportAtLeast || (news && since >= kReportAtMost)) {
    Report();
  }
}

void MemberRole::StopRun(const std::string& reason) {
  stop_reason_ = reason;
  if (left_alone_) {
    family_->Stop(reason);
    return;
  }
  family_->StopOwn();
  Report();
}

int MemberRole::Conclude() {
  if (!left_alone_) return kAllCompleted;  // the root's status is the run's
  run_->Say(absl::StrCat(run_->step.node_name,
                         ": finished what it held without the first agent"));
  if (left_alone_->IsLast()) {
    run_->Say(ToGoOn(run_->step, run_->directory));
  }
  return kStoppedEarly;
}

// Others may run what it had: nothing that was not recorded yet may be. The
// keeper ends the sub-jobs.
void MemberRole::Abandon(const std::string& reason) {
  run_->Say(absl::StrCat(run_->step.node_name, ": ", reason,
                         "; its sub-jobs are ended"));
  _exit(kGivenUp);
}

// ---- What the family says.

void MemberRole::AskParent() {
  Report();
  wire::Message message;
  message.mutable_ask();
  link_->Send(message);
}

void MemberRole::ReturnToParent(const Work& work) {
  wire::Message message;
  ToWire(work, message.mutable_return_()->mutable_work());
  link_->Send(message);
}

// What it withdraws is no longer counted as finished: that goes first.
void MemberRole::RunElsewhere(const Work& work) {
  Report();
  wire::Message message;
  ToWire(work, message.mutable_elsewhere()->mutable_work());
  link_->Send(message);
}

void MemberRole::RanFor(const wire::RanFor& ran) {
  wire::Message message;
  *message.mutable_ran_for() = ran;
  link_->Send(message);
}

void MemberRole::NodeBenched(const std::string& node_name) {
  wire::Message message;
  message.mutable_benched()->set_node_name(node_name);
  link_->Send(message);
}

void MemberRole::NodeLost(const std::string& node_name) {
  wire::Message message;
  message.mutable_loss()->set_node_name(node_name);
  link_->Send(message);
}

// ---- What is said above.

wire::Hello MemberRole::Hello() {
  wire::Hello hello;
  hello.set_version(kProtocolVersion);
  hello.set_node_id(run_->step.node_id);
  hello.set_node_name(run_->step.node_name);
  hello.set_slots(node_->slots());
  hello.set_said_ms(Clock());
  hello.set_manifest_crc32(run_->fingerprint);
  ToWire(family_->subtree().Holds(), hello.mutable_holds());
  return hello;
}

void MemberRole::Vouched(const wire::Vouch& vouch) {
  family_->lease().Vouched(absl::Milliseconds(vouch.said_ms()),
                           absl::Milliseconds(vouch.time_ms()));
}

void MemberRole::Joined(const wire::Vouch& vouch) {
  Vouched(vouch);
  family_->Check();
  Report();
  family_->subtree().ParentJoined();
  wire::Message here;
  *here.mutable_gang_node() = family_->AsGangNode();
  link_->Send(here);
}

void MemberRole::ParentSays(const wire::Message& message) {
  if (message.has_beat()) {
    Vouched(message.beat().vouch());
  } else if (message.has_gang_order()) {
    family_->Order(message.gang_order());
  } else if (message.has_grant()) {
    family_->subtree().Granted(FromWire(message.grant().work(), run_->subjobs));
  } else if (message.has_recall()) {
    family_->subtree().Recalled(message.recall().count());
  } else if (message.has_cancel()) {
    family_->Cancel(FromWire(message.cancel().indexes(), run_->subjobs));
  } else if (message.has_added()) {
    family_->Added(message.added());
  } else if (message.has_ran_for()) {
    family_->RanFor(message.ran_for());
  } else if (message.has_stop()) {
    family_->Stop(message.stop().reason());
    Report();
  } else if (message.has_finish()) {
    family_->subtree().Finish();
  }
}

void MemberRole::Broke(const absl::Status&) {
  if (family_->subtree().finished()) {
    link_->Leave();
    return;
  }
  family_->lease().Broken();
  family_->subtree().ParentMissing();
}

void MemberRole::Refused(const std::string& reason) {
  if (family_->subtree().finished()) return;
  Abandon(absl::StrCat("refused: ", reason));
}

void MemberRole::RootIsDead() {
  LookForEnd();
  if (family_->subtree().finished()) return;
  bool run_is_over = access(run_->directory.summary().c_str(), F_OK) == 0;
  if (run_is_over || !family_->lease().Free(MonotonicNow())) {
    Abandon(
        "the first agent is gone, and others may have run what this one had");
  }
  left_alone_.emplace(run_->directory.root());
  node_->gangs().LeaderIsGone();
  run_->Say(absl::StrCat(run_->step.node_name,
                         ": the first agent is gone; going on with what this "
                         "one holds"));
  family_->Check();
  family_->subtree().BecomeRoot();
  // What this one gave back when it was stopped has come back to it.
  if (!stop_reason_.empty()) family_->Stop(stop_reason_);
}

}  // namespace cram
