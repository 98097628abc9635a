#include "spank/agent/agent/family.h"

#include "absl/strings/str_cat.h"
#include "pack/base/clock.h"
#include "spank/agent/agent/first_work.h"
#include "spank/agent/agent/work_message.h"
#include "spank/wire/index_ranges.h"

namespace cram {
namespace {

// How long the end waits for children to close their journals.
constexpr absl::Duration kLeavePatience = absl::Seconds(5);

}  // namespace

Family::Family(const Run* run, Node* node, Lease lease, Above* above)
    : run_(run),
      node_(node),
      lease_(lease),
      above_(above),
      subtree_(run->step.node_id == 0,
               run->step.node_id == 0 ? RootsPool(*run) : Work(), this,
               run->step.node_id == 0 ? BehindRootsPool(*run) : Work()),
      absentees_(run, this) {
  names_[run->step.node_id] = run->step.node_name;
}

absl::StatusOr<std::unique_ptr<Family>> Family::Create(const Run* run,
                                                       Node* node, Lease lease,
                                                       Above* above) {
  std::unique_ptr<Family> family(new Family(run, node, lease, above));
  family->AddChildren();
  family->StartGangs();
  uint32_t own = run->step.node_id;
  if (run->tree.ChildrenOf(own).empty()) return family;
  absl::StatusOr<std::unique_ptr<ChildServer>> server = ChildServer::Start(
      run->loop.get(), run->fingerprint, run->directory.agent(own),
      family.get(), run->patience);
  if (!server.ok()) return server.status();
  family->server_ = *std::move(server);
  return family;
}

// The root leads gangs; who is a part of them tells it by way of those above.
void Family::StartGangs() {
  node_->gangs().SetVoice([this](const wire::GangWord& word) {
    wire::Message message;
    *message.mutable_gang_word() = word;
    above_->GangSays(message);
  });
  if (run_->step.node_id != 0 || run_->step.nodes == 1) return;
  leader_ = std::make_unique<GangLeader>(
      run_, node_, [this](const wire::GangOrder& order) { Order(order); });
  wire::Message here;
  *here.mutable_gang_node() = AsGangNode();
  above_->GangSays(here);
  subtree_.GiveTo(0, run_->wide);
}

wire::GangNode Family::AsGangNode() const {
  wire::GangNode node;
  node.set_node_id(run_->step.node_id);
  node.set_node_name(run_->step.node_name);
  node.set_cpus(node_->cpus());
  node.set_bytes(node_->budget_bytes());
  return node;
}

void Family::Order(const wire::GangOrder& order) {
  if (order.node_id() == run_->step.node_id) {
    run_->loop->After(absl::ZeroDuration(),
                      [this, order] { node_->gangs().Heed(order); });
    return;
  }
  uint32_t child = ChildAbove(order.node_id());
  if (child == 0 || server_ == nullptr) return;
  wire::Message message;
  *message.mutable_gang_order() = order;
  server_->Send(child, message);
}

// Nobody knows yet how large their nodes are: like this one.
void Family::AddChildren() {
  uint32_t own = run_->step.node_id, slots = node_->slots();
  subtree_.AddChild(own, OwnFirstWork(*run_), slots);
  for (uint32_t child : run_->tree.ChildrenOf(own)) {
    IndexSet nodes = run_->tree.SubtreeOf(child);
    subtree_.AddChild(child, FirstWork(*run_, nodes),
                      slots * static_cast<uint32_t>(nodes.size()));
    absentees_.Expect(child);
  }
}

void Family::UpdateOwn() {
  // Better than nobody.
  if (node_->benched() && subtree_.IsLeftTo(run_->step.node_id)) node_->GoOn();
  Progress own;
  own.finished = node_->finished();
  own.unstarted = node_->unstarted();
  own.running = node_->running();
  if (leader_ != nullptr) own.running += leader_->running();
  own.slots = node_->slots();
  own.stopping = node_->stopping();
  subtree_.Report(run_->step.node_id, own);
  if (asked_ || node_->stopping() || node_->doubted() ||
      own.unstarted >= node_->slots()) {
    return;
  }
  asked_ = true;
  subtree_.Ask(run_->step.node_id);
}

void Family::Stop(const std::string& reason) {
  if (!stop_reason_.empty()) return;
  stop_reason_ = reason;
  wire::Message stop;
  stop.mutable_stop()->set_reason(reason);
  if (server_ != nullptr) server_->SendToAll(stop);
  absentees_.RunStops();
  node_->Stop();
  if (leader_ != nullptr) leader_->Stop();
  subtree_.Stop();
  UpdateOwn();
}

void Family::Cancel(const IndexSet& indexes) {
  cancelled_.AddAll(indexes);
  wire::Message cancel;
  ToWire(indexes, cancel.mutable_cancel()->mutable_indexes());
  if (server_ != nullptr) server_->SendToAll(cancel);
  node_->Cancel(indexes);
  if (leader_ != nullptr) leader_->Cancel(indexes);
  // What nobody holds is recorded here.
  subtree_.GiveTo(run_->step.node_id, indexes);
}

void Family::RunElsewhere(const Work& work) {
  run_->loop->After(absl::ZeroDuration(), [this, work] {
    // It counts them as finished no more.
    UpdateOwn();
    subtree_.RunElsewhere(run_->step.node_id, work);
  });
}

void Family::RanFor(const wire::RanFor& ran) {
  uint32_t node = ran.failed_on() - 1;
  if (node == run_->step.node_id) {
    node_->RanElsewhere(ran.index(), ran.completed());
  } else if (uint32_t child = ChildAbove(node); child != 0) {
    wire::Message message;
    *message.mutable_ran_for() = ran;
    server_->Send(child, message);
  } else {
    above_->RanFor(ran);
  }
}

void Family::NodeBenched(const Work& work) {
  run_->loop->After(absl::ZeroDuration(), [this, work] {
    UpdateOwn();
    subtree_.Returned(run_->step.node_id, work);
    above_->NodeBenched(run_->step.node_name);
  });
}

void Family::Added(const wire::Added& added) {
  if (added.subjobs() <= run_->subjobs) return;
  IndexRange range{run_->subjobs, added.subjobs()};
  added_ = added;
  run_->added(added);
  wire::Message message;
  *message.mutable_added() = added;
  if (server_ != nullptr) server_->SendToAll(message);
  if (subtree_.root()) subtree_.Granted(Work(IndexSet(range)));
}

void Family::Retire(uint32_t child) {
  retired_.insert(child);
  TellGangsThatItWent(child);
  subtree_.Retire(child);
}

void Family::StopOwn() {
  uint32_t own = run_->step.node_id;
  subtree_.Returned(own, node_->GiveBack(UINT64_MAX));
  node_->Stop();
  UpdateOwn();
}

bool Family::Check() {
  bool doubt =
      lease_.At(MonotonicNow()) != Lease::State::kValid && !subtree_.finished();
  if (doubt == in_doubt_) return !doubt;
  in_doubt_ = doubt;
  subtree_.Doubt(doubt);
  return !doubt;
}

Instant Family::MayRecordBefore() {
  if (!Check()) return -absl::InfiniteDuration();
  return subtree_.finished() ? absl::InfiniteDuration() : lease_.valid_until();
}

bool Family::done() const {
  if (!left_) return false;
  return server_ == nullptr || server_->connected() == 0 ||
         run_->loop->now() - left_at_ > kLeavePatience;
}

// ---- What the engine says. Our own node is told later, from the loop: the
// engine must not be called back.

void Family::Grant(uint32_t child, const Work& work) {
  if (child == run_->step.node_id) {
    run_->loop->After(absl::ZeroDuration(), [this, work] {
      asked_ = false;
      if (node_->stopping()) {
        subtree_.Returned(run_->step.node_id, work);
        return;
      }
      // Nobody else can run what failed here.
      if (!work.FailedOn(run_->step.node_id).empty()) node_->GoOn();
      Work own = work;
      if (leader_ != nullptr) leader_->TakeFrom(&own);
      node_->Add(own);
    });
    return;
  }
  wire::Message message;
  ToWire(work, message.mutable_grant()->mutable_work());
  server_->Send(child, message);
}

void Family::Recall(uint32_t child, uint64_t count) {
  if (child == run_->step.node_id) {
    run_->loop->After(absl::ZeroDuration(), [this, child, count] {
      subtree_.Returned(child, node_->GiveBack(count));
    });
    return;
  }
  wire::Message message;
  message.mutable_recall()->set_count(count);
  server_->Send(child, message);
}

void Family::Finish(uint32_t child) {
  if (child == run_->step.node_id) {
    left_ = true;
    left_at_ = run_->loop->now();
    run_->changed();
    return;
  }
  wire::Message message;
  message.mutable_finish();
  server_->Send(child, message);
}

// ---- What children say.

absl::Duration Family::VouchesFor() { return lease_.Left(run_->loop->now()); }

// Which of our children is `node`, or is above it. None: 0.
uint32_t Family::ChildAbove(uint32_t node) const {
  while (node != 0 && node != run_->step.node_id) {
    if (subtree_.Knows(node)) return node;
    node = run_->tree.ParentOf(node);
  }
  return 0;
}

ChildServer::Answer Family::ChildComes(uint32_t node, const wire::Hello&) {
  using Answer = ChildServer::Answer;
  uint32_t child = node < run_->step.nodes ? ChildAbove(node) : 0;
  if (child == 0) {
    return {Answer::kRefused, absl::StrCat("node ", node, " is not expected")};
  }
  if (absentees_.WasLost(child)) {
    return {Answer::kRefused, "it was given up: others run what it had"};
  }
  if (child == node && absentees_.WasReplaced(child)) {
    absentees_.Replaced(child);
    return {Answer::kRefused, "agents below it have come in its place"};
  }
  // Its parent may be well.
  if (child != node && !absentees_.IsAbsent(child)) {
    return {Answer::kLater, absl::StrCat(NameOf(child), " is not lost")};
  }
  return {};
}

void Family::ChildJoined(uint32_t node, const wire::Hello& hello) {
  names_[node] = hello.node_name();
  absentees_.Came(node);
  Work holds = FromWire(hello.holds(), run_->subjobs);
  if (subtree_.Knows(node)) {
    subtree_.Joined(node, holds);
  } else {
    uint32_t absent = ChildAbove(run_->tree.ParentOf(node));
    subtree_.Adopt(node, holds, absent);
    absentees_.Replaced(absent);
  }
  if (added_.subjobs() != 0) {
    wire::Message message;
    *message.mutable_added() = added_;
    server_->Send(node, message);
  }
  if (!cancelled_.empty()) {
    wire::Message cancel;
    ToWire(cancelled_, cancel.mutable_cancel()->mutable_indexes());
    server_->Send(node, cancel);
  }
  if (subtree_.finished() || retired_.count(node) != 0) Finish(node);
  if (stop_reason_.empty()) return;
  wire::Message stop;
  stop.mutable_stop()->set_reason(stop_reason_);
  server_->Send(node, stop);
}

void Family::ChildSays(uint32_t child, const wire::Message& message) {
  Check();
  absentees_.Heard(child);
  if (message.has_report()) {
    subtree_.Report(child, FromWire(message.report()));
    run_->changed();
  } else if (message.has_ask()) {
    subtree_.Ask(child);
  } else if (message.has_return_()) {
    subtree_.Returned(child, FromWire(message.return_().work(), run_->subjobs));
  } else if (message.has_elsewhere()) {
    subtree_.RunElsewhere(child,
                          FromWire(message.elsewhere().work(), run_->subjobs));
  } else if (message.has_ran_for()) {
    RanFor(message.ran_for());
  } else if (message.has_benched()) {
    above_->NodeBenched(message.benched().node_name());
  } else if (message.has_gang_word() || message.has_gang_node()) {
    above_->GangSays(message);
  } else if (message.has_loss()) {
    above_->NodeLost(message.loss().node_name());
  }
}

void Family::ChildBroke(uint32_t child, const absl::Status& reason) {
  run_->changed();
  // It left because it was told to.
  if (subtree_.finished() || retired_.count(child) != 0) return;
  subtree_.Missing(child);
  absentees_.Broke(child, std::string(reason.message()));
}

// ---- Those who are lost.

void Family::TellGangsThatItWent(uint32_t child) {
  IndexSet nodes = run_->tree.SubtreeOf(child);
  for (const auto& [begin, end] : nodes.ranges()) {
    for (uint64_t i = begin; i < end; ++i) {
      uint32_t node = static_cast<uint32_t>(i);
      if (ChildAbove(node) != child) continue;
      wire::Message lost;
      lost.mutable_gang_node()->set_node_id(node);
      lost.mutable_gang_node()->set_lost(true);
      above_->GangSays(lost);
    }
  }
}

void Family::ChildLost(uint32_t child, const std::string& reason,
                       const LostShare& share) {
  TellGangsThatItWent(child);
  LostShare::Findings findings = share.Judge(subtree_.HeldBy(child));
  for (const auto& [place, tried] : findings.given_up) {
    node_->RecordNodeLost(place, tried.attempts - 1);
  }
  SayWhatIsLost(child, reason, findings);
  above_->NodeLost(NameOf(child));
  subtree_.Lost(child, findings.again, findings.finished);
  run_->changed();
}

void Family::SayWhatIsLost(uint32_t child, const std::string& reason,
                           const LostShare::Findings& findings) {
  std::string line =
      absl::StrCat("the agent on ", NameOf(child), " was lost: ", reason);
  if (!findings.again.empty() && stop_reason_.empty()) {
    absl::StrAppend(
        &line, "; ", findings.again.size(),
        findings.again.size() == 1 ? " sub-job is" : " sub-jobs are",
        " run elsewhere, ", findings.were_running, " of them again");
  }
  run_->Say(line);
  for (const auto& [place, tried] : findings.given_up) {
    run_->Say(absl::StrCat("sub-job ", run_->order.IndexAt(place),
                           " lost its node ", tried.losses,
                           " times and is not run again"));
  }
}

std::string Family::NameOf(uint32_t node) const {
  auto name = names_.find(node);
  return name == names_.end() ? absl::StrCat("node ", node) : name->second;
}

}  // namespace cram
