#include "tests/bench/simulated_run.h"

#include <math.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <queue>
#include <random>

#include "spank/agent/agent/work_message.h"
#include "spank/agent/share/first_share.h"
#include "spank/agent/share/subtree.h"
#include "spank/agent/share/tree.h"

namespace cram {
namespace {

// As in member_role.cc, agent.cc and patience.h.
constexpr double kReportAtLeast = 1;
constexpr double kReportAtMost = 0.25;
constexpr double kTick = 0.5;
constexpr double kBeat = 5;
constexpr size_t kDone = static_cast<size_t>(State::kCompleted);

// A range in a map, with malloc's overhead.
constexpr uint64_t kRangeBytes = 64;

class Simulation;

struct Message {
  enum class Say : uint8_t { kReport, kAsk, kReturn, kGrant, kRecall, kFinish };
  Say say;
  Progress progress;
  Work work;
  uint64_t count = 0;
};

struct Event {
  enum class Kind : uint8_t {
    kUp,
    kJoin,
    kEnd,
    kTick,
    kToParent,
    kToChild,
    kToOwn
  };
  double time;
  uint64_t order : 56;
  uint64_t kind : 8;
  uint32_t agent;
  uint32_t message;
  bool operator>(const Event& other) const {
    return time != other.time ? time > other.time : order > other.order;
  }
};

struct Agent : Neighbours {
  void Init(Simulation* simulation, uint32_t number, double since);
  void AddChild(uint32_t child, const IndexSet& ids);
  void StartMore();
  // What the agent's loop does after anything happened.
  void Update();
  void ReportWhenDue();
  void Report();
  Progress Own() const;

  void Grant(uint32_t child, const Work& work) override;
  void Recall(uint32_t child, uint64_t count) override;
  void Finish(uint32_t child) override;
  void AskParent() override;
  void ReturnToParent(const Work& work) override;
  void RunElsewhereAbove(const Work&) override {}  // nothing fails

  Simulation* run = nullptr;
  uint32_t id = 0;
  double up_since = 0, busy_until = 0, starts_until = 0, reported_at = 0;
  std::unique_ptr<Subtree> subtree;
  IndexSet waiting;
  uint64_t ended = 0, started = 0, first_share = 0;
  uint32_t running = 0;
  bool up = false, joined = false, asked = false, ticking = false;
  Progress reported;
};

class Simulation {
 public:
  Simulation(const RunShape& shape, const CostModel& model,
             const std::vector<float>& lengths)
      : shape_(shape),
        tree_(shape.nodes),
        model_(model),
        lengths_(lengths),
        agents_(shape.nodes) {
    std::mt19937 random(1);
    std::uniform_real_distribution<double> skew(0, model.skew);
    for (uint32_t id = 0; id < shape.nodes; ++id) {
      agents_[id].Init(this, id, skew(random));
      At(agents_[id].up_since, Event::Kind::kUp, id);
      if (id == 0) continue;
      double seen = agents_[tree_.ParentOf(id)].up_since + model.file_seen;
      At(std::max(agents_[id].up_since, seen), Event::Kind::kJoin, id);
    }
  }

  RunFigures Run() {
    while (!events_.empty() && !agents_[0].subtree->finished()) {
      Event event = events_.top();
      events_.pop();
      now_ = event.time;
      Handle(event);
    }
    AddSilence();
    return figures_;
  }

  void At(double time, Event::Kind kind, uint32_t agent, uint32_t message = 0) {
    events_.push({time, ++order_ & ((uint64_t{1} << 56) - 1),
                  static_cast<uint8_t>(kind), agent, message});
  }
  // `agent`: the lower one of the two.
  void Send(Event::Kind kind, uint32_t agent, Message message);

  const RunShape& shape() const { return shape_; }
  const Tree& tree() const { return tree_; }
  const CostModel& model() const { return model_; }
  float length(uint64_t index) const { return lengths_[index]; }
  uint64_t subjobs() const { return lengths_.size(); }
  double now() const { return now_; }
  RunFigures& figures() { return figures_; }
  // A child of the root said something after that.
  void AddSilence(double last_report) {
    if (now_ <= last_report) return;
    silent_ += static_cast<uint64_t>((now_ - last_report) / kReportAtLeast);
  }

 private:
  void Handle(const Event& event);
  void Deliver(const Event& event);
  void CountAtRoot(uint64_t bytes);
  void MeasureRoot();
  // Reports without news and beats, which are not simulated: they change
  // nothing.
  void AddSilence();

  const RunShape shape_;
  const Tree tree_;
  const CostModel model_;
  const std::vector<float>& lengths_;
  std::vector<Agent> agents_;
  std::priority_queue<Event, std::vector<Event>, std::greater<Event>> events_;
  std::vector<Message> messages_;
  std::vector<uint32_t> free_;
  uint64_t order_ = 0;
  double now_ = 0;
  RunFigures figures_;
  uint64_t second_ = 0, in_second_ = 0;
  uint64_t silent_ = 0;
  double measured_ = 0;
};

void Agent::Init(Simulation* simulation, uint32_t number, double since) {
  run = simulation;
  id = number;
  up_since = since;
  const RunShape& shape = run->shape();
  Work pool;
  if (id == 0) pool = Work(IndexSet(FirstPool(run->subjobs(), shape.nodes)));
  subtree = std::make_unique<Subtree>(id == 0, std::move(pool), this);
  AddChild(id, IndexSet({id, id + 1}));
  for (uint32_t child : run->tree().ChildrenOf(id)) {
    AddChild(child, run->tree().SubtreeOf(child));
  }
  waiting = FirstShare(run->subjobs(), shape.nodes, id);
  first_share = waiting.size();
}

void Agent::AddChild(uint32_t child, const IndexSet& ids) {
  const RunShape& shape = run->shape();
  subtree->AddChild(child, Work(FirstShares(run->subjobs(), shape.nodes, ids)),
                    shape.slots * static_cast<uint32_t>(ids.size()));
}

void Agent::StartMore() {
  while (running < run->shape().slots && !waiting.empty()) {
    uint64_t index = waiting.front();
    waiting.Remove(index);
    ++running;
    starts_until = std::max(starts_until, run->now()) + run->model().start;
    RunFigures& figures = run->figures();
    figures.last_start = std::max(figures.last_start, starts_until);
    if (++started == std::min<uint64_t>(first_share, run->shape().slots)) {
      figures.first_shares = std::max(figures.first_shares, starts_until);
    }
    run->At(starts_until + run->length(index), Event::Kind::kEnd, id);
  }
}

Progress Agent::Own() const {
  Progress own;
  own.finished[kDone] = ended;
  own.unstarted = waiting.size();
  own.running = running;
  own.slots = run->shape().slots;
  return own;
}

void Agent::Update() {
  if (!up || subtree->finished()) return;
  subtree->Report(id, Own());
  if (!asked && waiting.size() < run->shape().slots) {
    asked = true;
    subtree->Ask(id);
  }
  ReportWhenDue();
}

void Agent::ReportWhenDue() {
  if (!joined || id == 0 || subtree->finished()) return;
  Progress totals = subtree->Totals();
  bool news = totals.finished != reported.finished ||
              totals.running != reported.running ||
              totals.unstarted != reported.unstarted;
  if (!news) return;
  bool idle = totals.running == 0 && totals.unstarted == 0;
  if (idle || run->now() - reported_at >= kReportAtMost) {
    Report();
  } else if (!ticking) {
    ticking = true;
    run->At(run->now() + kTick, Event::Kind::kTick, id);
  }
}

void Agent::Report() {
  if (run->tree().ParentOf(id) == 0) run->AddSilence(reported_at);
  reported = subtree->Totals();
  reported_at = run->now();
  run->Send(Event::Kind::kToParent, id,
            {Message::Say::kReport, reported, Work(), 0});
}

void Agent::Grant(uint32_t child, const Work& work) {
  run->Send(child == id ? Event::Kind::kToOwn : Event::Kind::kToChild, child,
            {Message::Say::kGrant, {}, work, 0});
}

void Agent::Recall(uint32_t child, uint64_t count) {
  run->Send(child == id ? Event::Kind::kToOwn : Event::Kind::kToChild, child,
            {Message::Say::kRecall, {}, Work(), count});
}

void Agent::Finish(uint32_t child) {
  if (child == id) return;
  run->Send(Event::Kind::kToChild, child,
            {Message::Say::kFinish, {}, Work(), 0});
}

// Before it joined nobody hears it, and it asks again when it does.
void Agent::AskParent() {
  if (!joined) return;
  Report();
  run->Send(Event::Kind::kToParent, id, {Message::Say::kAsk, {}, Work(), 0});
}

void Agent::ReturnToParent(const Work& work) {
  run->Send(Event::Kind::kToParent, id, {Message::Say::kReturn, {}, work, 0});
}

// What it is on the wire, behind its length.
uint64_t BytesOf(const Message& message) {
  wire::Message said;
  switch (message.say) {
    case Message::Say::kReport:
      ToWire(message.progress, said.mutable_report());
      said.mutable_report()->set_said_ms(1234567890);
      break;
    case Message::Say::kAsk:
      said.mutable_ask();
      break;
    case Message::Say::kReturn:
      ToWire(message.work, said.mutable_return_()->mutable_work());
      break;
    case Message::Say::kGrant:
      ToWire(message.work, said.mutable_grant()->mutable_work());
      break;
    case Message::Say::kRecall:
      said.mutable_recall()->set_count(message.count);
      break;
    case Message::Say::kFinish:
      said.mutable_finish();
      break;
  }
  return said.ByteSizeLong() + sizeof(uint32_t);
}

void Simulation::Send(Event::Kind kind, uint32_t agent, Message message) {
  uint32_t place = static_cast<uint32_t>(messages_.size());
  if (free_.empty()) {
    messages_.emplace_back();
  } else {
    place = free_.back();
    free_.pop_back();
  }
  messages_[place] = std::move(message);
  if (kind == Event::Kind::kToOwn) {
    At(now_, kind, agent, place);
    return;
  }
  ++figures_.messages;
  uint32_t above = tree_.ParentOf(agent);
  uint64_t bytes = BytesOf(messages_[place]);
  if (above == 0) CountAtRoot(bytes);
  Agent& from = agents_[kind == Event::Kind::kToParent ? agent : above];
  Agent& to = agents_[kind == Event::Kind::kToParent ? above : agent];
  from.busy_until = std::max(from.busy_until, now_) + model_.handling;
  double arrives = from.busy_until + model_.latency +
                   static_cast<double>(bytes) * model_.per_byte;
  to.busy_until = std::max(to.busy_until, arrives) + model_.handling;
  At(to.busy_until, kind, agent, place);
}

void Simulation::CountAtRoot(uint64_t bytes) {
  ++figures_.root_messages;
  figures_.root_bytes += bytes;
  if (static_cast<uint64_t>(now_) != second_) {
    second_ = static_cast<uint64_t>(now_);
    in_second_ = 0;
  }
  figures_.root_busiest = std::max(figures_.root_busiest, ++in_second_);
  if (now_ - measured_ >= 1) MeasureRoot();
}

void Simulation::MeasureRoot() {
  measured_ = now_;
  const Subtree& root = *agents_[0].subtree;
  uint64_t bytes =
      sizeof(Subtree) + root.Holds().indexes().ranges().size() * kRangeBytes;
  for (uint32_t child : tree_.ChildrenOf(0)) {
    bytes += sizeof(Progress) + sizeof(Work) +
             root.HeldBy(child).indexes().ranges().size() * kRangeBytes;
  }
  figures_.root_memory = std::max(figures_.root_memory, bytes);
}

void Simulation::AddSilence() {
  Message report{Message::Say::kReport, {}, Work(), 0};
  uint64_t children = tree_.ChildrenOf(0).size();
  uint64_t beats = children * static_cast<uint64_t>(now_ / kBeat);
  figures_.root_messages += silent_ + beats;
  figures_.root_bytes += (silent_ + beats) * BytesOf(report);
}

void Simulation::Handle(const Event& event) {
  Agent& agent = agents_[event.agent];
  switch (static_cast<Event::Kind>(event.kind)) {
    case Event::Kind::kUp:
      agent.up = true;
      agent.StartMore();
      agent.Update();
      break;
    case Event::Kind::kJoin:
      agent.joined = true;
      agents_[tree_.ParentOf(agent.id)].subtree->Joined(agent.id,
                                                        agent.subtree->Holds());
      agent.Report();
      agent.subtree->ParentJoined();
      break;
    case Event::Kind::kEnd:
      --agent.running;
      ++agent.ended;
      figures_.makespan = std::max(figures_.makespan, now_);
      agent.StartMore();
      // Agent::NodeChanged is quiet while there is enough to start.
      if (agent.waiting.size() < shape_.slots) {
        agent.Update();
      } else if (!agent.ticking) {
        agent.ticking = true;
        At(now_ + kTick, Event::Kind::kTick, agent.id);
      }
      break;
    case Event::Kind::kTick:
      agent.ticking = false;
      agent.Update();
      break;
    case Event::Kind::kToParent:
    case Event::Kind::kToChild:
    case Event::Kind::kToOwn:
      Deliver(event);
      break;
  }
}

void Simulation::Deliver(const Event& event) {
  Message message = std::move(messages_[event.message]);
  free_.push_back(event.message);
  Agent& child = agents_[event.agent];
  bool own = static_cast<Event::Kind>(event.kind) == Event::Kind::kToOwn;
  Agent& parent = agents_[own ? event.agent : tree_.ParentOf(event.agent)];
  switch (message.say) {
    case Message::Say::kReport:
      parent.subtree->Report(child.id, message.progress);
      parent.ReportWhenDue();
      break;
    case Message::Say::kAsk:
      parent.subtree->Ask(child.id);
      break;
    case Message::Say::kReturn:
      parent.subtree->Returned(child.id, message.work);
      break;
    case Message::Say::kGrant:
      if (!own) {
        child.subtree->Granted(message.work);
        break;
      }
      child.asked = false;
      child.waiting.AddAll(message.work.indexes());
      child.StartMore();
      child.Update();
      break;
    case Message::Say::kRecall:
      if (own) {
        child.subtree->Returned(child.id,
                                Work(child.waiting.TakeBack(message.count)));
      } else {
        child.subtree->Recalled(message.count);
      }
      break;
    case Message::Say::kFinish:
      child.subtree->Finish();
      break;
  }
}

}  // namespace

RunFigures SimulateRun(const RunShape& shape, const CostModel& model,
                       const std::vector<float>& lengths) {
  return Simulation(shape, model, lengths).Run();
}

double OneQueueMakespan(uint64_t slots, const std::vector<float>& lengths) {
  std::priority_queue<double, std::vector<double>, std::greater<double>> free;
  double makespan = 0;
  for (float length : lengths) {
    double start = 0;
    if (free.size() == slots) {
      start = free.top();
      free.pop();
    }
    free.push(start + length);
    makespan = std::max(makespan, start + length);
  }
  return makespan;
}

}  // namespace cram
