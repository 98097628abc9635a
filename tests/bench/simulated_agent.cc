#include "tests/bench/simulated_agent.h"

#include <algorithm>
#include <utility>

#include "pack/base/outcome.h"
#include "spank/agent/share/first_share.h"

namespace cram {
namespace {

// As in member_role.cc and agent.cc.
constexpr double kReportAtMost = 0.25;
constexpr double kTick = 0.5;
constexpr size_t kDone = static_cast<size_t>(State::kCompleted);

}  // namespace

SimulatedAgent::SimulatedAgent(World* world, const Shape* shape, uint32_t id)
    : world_(world), shape_(shape), id_(id) {
  const Tree& tree = *shape->tree;
  Work pool;
  if (id == 0) pool = Work(IndexSet(FirstPool(shape->subjobs, tree.nodes())));
  Neighbours* self = this;
  subtree_ = std::make_unique<Subtree>(id == 0, std::move(pool), self);
  AddChild(id, IndexSet({id, id + 1}));
  for (uint32_t child : tree.ChildrenOf(id)) {
    AddChild(child, tree.SubtreeOf(child));
  }
  waiting_ = FirstShare(shape->subjobs, tree.nodes(), id);
  first_share_ = waiting_.size();
}

void SimulatedAgent::AddChild(uint32_t child, const IndexSet& ids) {
  subtree_->AddChild(
      child, Work(FirstShares(shape_->subjobs, shape_->tree->nodes(), ids)),
      shape_->slots * static_cast<uint32_t>(ids.size()));
}

// ---- What happens to it

void SimulatedAgent::Up() {
  up_ = true;
  StartMore();
  Update();
}

void SimulatedAgent::Join(SimulatedAgent* parent) {
  joined_ = true;
  parent->subtree_->Joined(id_, subtree_->Holds());
  Report();
  subtree_->ParentJoined();
}

// Agent::NodeChanged is quiet while there is enough to start.
void SimulatedAgent::OneEnded() {
  --running_;
  ++ended_;
  StartMore();
  if (waiting_.size() < shape_->slots) {
    Update();
  } else {
    TickLater();
  }
}

void SimulatedAgent::Tick() {
  ticking_ = false;
  Update();
}

void SimulatedAgent::HearChild(uint32_t child, const Said& said) {
  if (said.what == Said::What::kReport) {
    subtree_->Report(child, said.progress);
    ReportWhenDue();
  } else if (said.what == Said::What::kAsk) {
    subtree_->Ask(child);
  } else if (said.what == Said::What::kReturn) {
    subtree_->Returned(child, said.work);
  }
}

void SimulatedAgent::HearParent(const Said& said) {
  if (said.what == Said::What::kGrant) {
    subtree_->Granted(said.work);
  } else if (said.what == Said::What::kRecall) {
    subtree_->Recalled(said.count);
  } else if (said.what == Said::What::kFinish) {
    subtree_->Finish();
  }
}

void SimulatedAgent::HearSelf(const Said& said) {
  if (said.what == Said::What::kRecall) {
    subtree_->Returned(id_, Work(waiting_.TakeBack(said.count)));
    return;
  }
  asked_ = false;
  waiting_.AddAll(said.work.indexes());
  StartMore();
  Update();
}

// ---- What it does then

void SimulatedAgent::StartMore() {
  while (running_ < shape_->slots && !waiting_.empty()) {
    uint64_t index = waiting_.front();
    waiting_.Remove(index);
    ++running_;
    starts_until_ = std::max(starts_until_, world_->now()) + shape_->start;
    if (++started_ == std::min<uint64_t>(first_share_, shape_->slots)) {
      world_->RunsItsFirstShare(starts_until_);
    }
    world_->Starts(id_, index, starts_until_);
  }
}

// What the agent's loop does after anything happened.
void SimulatedAgent::Update() {
  if (!up_ || subtree_->finished()) return;
  Progress own;
  own.finished[kDone] = ended_;
  own.unstarted = waiting_.size();
  own.running = running_;
  own.slots = shape_->slots;
  subtree_->Report(id_, own);
  if (!asked_ && own.unstarted < shape_->slots) {
    asked_ = true;
    subtree_->Ask(id_);
  }
  ReportWhenDue();
}

void SimulatedAgent::ReportWhenDue() {
  if (!joined_ || id_ == 0 || subtree_->finished()) return;
  Progress totals = subtree_->Totals();
  bool news = totals.finished != reported_.finished ||
              totals.running != reported_.running ||
              totals.unstarted != reported_.unstarted;
  if (!news) return;
  bool idle = totals.running == 0 && totals.unstarted == 0;
  if (idle || world_->now() - reported_at_ >= kReportAtMost) {
    Report();
  } else {
    TickLater();
  }
}

void SimulatedAgent::Report() {
  reported_ = subtree_->Totals();
  reported_at_ = world_->now();
  world_->SayToParent(id_, {Said::What::kReport, reported_, Work(), 0});
}

void SimulatedAgent::TickLater() {
  if (ticking_) return;
  ticking_ = true;
  world_->TickAfter(id_, kTick);
}

// ---- What its engine says

void SimulatedAgent::Say(uint32_t child, Said said) {
  if (child == id_) {
    world_->SayToSelf(id_, std::move(said));
  } else {
    world_->SayToChild(child, std::move(said));
  }
}

void SimulatedAgent::Grant(uint32_t child, const Work& work) {
  Say(child, {Said::What::kGrant, {}, work, 0});
}

void SimulatedAgent::Recall(uint32_t child, uint64_t count) {
  Say(child, {Said::What::kRecall, {}, Work(), count});
}

void SimulatedAgent::Finish(uint32_t child) {
  if (child != id_) Say(child, {Said::What::kFinish, {}, Work(), 0});
}

// Before it joined nobody hears it, and it asks again when it does.
void SimulatedAgent::AskParent() {
  if (!joined_) return;
  Report();
  world_->SayToParent(id_, {Said::What::kAsk, {}, Work(), 0});
}

void SimulatedAgent::ReturnToParent(const Work& work) {
  world_->SayToParent(id_, {Said::What::kReturn, {}, work, 0});
}

}  // namespace cram
