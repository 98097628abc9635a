#include "spank/agent/agent/member_role.h"

#include <unistd.h>

#include <array>

#include "absl/strings/str_cat.h"
#include "spank/wire/index_ranges.h"

namespace cram {
namespace {

wire::Hello HelloFrom(const Run& run, const Node& node) {
  wire::Hello hello;
  hello.set_version(kProtocolVersion);
  hello.set_node_id(run.step.node_id);
  hello.set_node_name(run.step.node_name);
  hello.set_slots(node.slots());
  hello.set_manifest_crc32(run.manifest->fingerprint());
  return hello;
}

}  // namespace

MemberRole::MemberRole(const Run* run, Node* node)
    : run_(run),
      node_(node),
      link_(run->loop.get(), run->directory.root(), HelloFrom(*run, *node),
            this) {}

void MemberRole::Report() {
  wire::Message message;
  wire::Report* report = message.mutable_report();
  for (uint64_t count : node_->finished()) report->add_finished(count);
  report->set_unstarted(node_->unstarted());
  report->set_running(node_->running());
  report->set_stopping(node_->stopping());
  link_.Send(message);
}

void MemberRole::Update() {
  if (!link_.joined()) {
    LookForEnd();
    return;
  }
  Report();
  if (asked_ || node_->stopping() || node_->unstarted() >= node_->slots()) {
    return;
  }
  asked_ = true;
  wire::Message ask;
  ask.mutable_ask();
  link_.Send(ask);
}

// When there was little to do, the run may end before this node has come.
void MemberRole::LookForEnd() {
  bool began = node_->running() != 0 || node_->unstarted() != 0 ||
               node_->finished() != std::array<uint64_t, kStates>();
  if (began || access(run_->directory.summary().c_str(), F_OK) != 0) return;
  finished_ = true;
  run_->changed();
}

void MemberRole::StillHere() { link_.Send(wire::Message()); }

void MemberRole::StopRun(const std::string&) {
  node_->Stop();
  Update();
}

void MemberRole::Cancel(const IndexSet& indexes) { node_->Cancel(indexes); }

bool MemberRole::done() const {
  bool idle = node_->running() == 0 && node_->unstarted() == 0;
  return finished_ || (root_lost_ && idle);
}

int MemberRole::Conclude() {
  if (!root_lost_) return kAllCompleted;  // the root's status is the run's
  run_->Say(absl::StrCat(run_->step.node_name,
                         ": finished what it held without the root"));
  return kStoppedEarly;
}

void MemberRole::Joined() { Update(); }

void MemberRole::GiveBack(uint64_t count) {
  wire::Message message;
  ToWire(node_->GiveBack(count), message.mutable_return_()->mutable_indexes());
  link_.Send(message);
}

void MemberRole::RootSays(const wire::Message& message) {
  if (message.has_grant()) {
    asked_ = false;
    node_->Add(FromWire(message.grant().indexes(), run_->manifest->size()));
  } else if (message.has_recall()) {
    GiveBack(message.recall().count());
  } else if (message.has_cancel()) {
    Cancel(FromWire(message.cancel().indexes(), run_->manifest->size()));
  } else if (message.has_stop()) {
    StopRun(message.stop().reason());
  } else if (message.has_finish()) {
    finished_ = true;
    run_->changed();
  } else if (message.has_refuse()) {
    run_->Say(absl::StrCat(run_->step.node_name, ": refused by the root: ",
                           message.refuse().reason()));
    node_->Stop();
  }
}

void MemberRole::RootLost(const absl::Status& reason) {
  LookForEnd();
  if (finished_) return;
  root_lost_ = true;
  run_->changed();
  run_->Say(absl::StrCat(run_->step.node_name,
                         ": lost the root: ", reason.message()));
}

}  // namespace cram
