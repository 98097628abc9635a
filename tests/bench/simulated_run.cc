#include "tests/bench/simulated_run.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <queue>
#include <random>
#include <utility>

#include "spank/agent/agent/work_message.h"
#include "spank/agent/share/tree.h"
#include "tests/bench/simulated_agent.h"

namespace cram {
namespace {

// As in member_role.cc and patience.h.
constexpr double kReportAtLeast = 1;
constexpr double kBeat = 5;

// A range in a map, with malloc's overhead.
constexpr uint64_t kRangeBytes = 64;

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

// What it is on the wire, behind its length.
uint64_t BytesOf(const Said& said) {
  wire::Message message;
  switch (said.what) {
    case Said::What::kReport:
      ToWire(said.progress, message.mutable_report());
      message.mutable_report()->set_said_ms(1234567890);
      break;
    case Said::What::kAsk:
      message.mutable_ask();
      break;
    case Said::What::kReturn:
      ToWire(said.work, message.mutable_return_()->mutable_work());
      break;
    case Said::What::kGrant:
      ToWire(said.work, message.mutable_grant()->mutable_work());
      break;
    case Said::What::kRecall:
      message.mutable_recall()->set_count(said.count);
      break;
    case Said::What::kFinish:
      message.mutable_finish();
      break;
  }
  return message.ByteSizeLong() + sizeof(uint32_t);
}

// The clock, and what is between the agents.
class Simulation : private SimulatedAgent::World {
 public:
  Simulation(const RunShape& shape, const CostModel& model,
             const std::vector<float>& lengths)
      : tree_(shape.nodes),
        model_(model),
        lengths_(lengths),
        shape_{&tree_, lengths.size(), shape.slots, model.start},
        ends_(shape.nodes) {
    SimulatedAgent::World* world = this;
    std::mt19937 random(1);
    std::uniform_real_distribution<double> skew(0, model.skew);
    for (uint32_t id = 0; id < shape.nodes; ++id) {
      agents_.emplace_back(world, &shape_, id);
      ends_[id].up_since = skew(random);
      At(ends_[id].up_since, Event::Kind::kUp, id);
      if (id == 0) continue;
      double seen = ends_[tree_.ParentOf(id)].up_since + model.file_seen;
      At(std::max(ends_[id].up_since, seen), Event::Kind::kJoin, id);
    }
  }

  RunFigures Run() {
    while (!events_.empty() && !agents_[0].subtree().finished()) {
      Event event = events_.top();
      events_.pop();
      now_ = event.time;
      Handle(event);
    }
    AddSilence();
    return figures_;
  }

 private:
  // Of the link of each agent, and of its time.
  struct End {
    double up_since = 0, busy_until = 0, reported_at = 0;
  };

  double now() const override { return now_; }
  void Starts(uint32_t agent, uint64_t index, double at) override;
  void RunsItsFirstShare(double since) override;
  void TickAfter(uint32_t agent, double seconds) override {
    At(now_ + seconds, Event::Kind::kTick, agent);
  }
  void SayToParent(uint32_t agent, Said said) override;
  void SayToChild(uint32_t child, Said said) override {
    Send(Event::Kind::kToChild, child, std::move(said));
  }
  void SayToSelf(uint32_t agent, Said said) override {
    At(now_, Event::Kind::kToOwn, agent, Keep(std::move(said)));
  }

  void At(double time, Event::Kind kind, uint32_t agent, uint32_t message = 0) {
    events_.push({time, ++order_ & ((uint64_t{1} << 56) - 1),
                  static_cast<uint8_t>(kind), agent, message});
  }
  uint32_t Keep(Said said);
  Said Take(uint32_t message);
  // `agent`: the lower one of the two.
  void Send(Event::Kind kind, uint32_t agent, Said said);
  void Handle(const Event& event);
  void CountAtRoot(uint64_t bytes);
  void MeasureRoot();
  // Reports without news and beats, which are not simulated: they change
  // nothing.
  void AddSilence();

  const Tree tree_;
  const CostModel model_;
  const std::vector<float>& lengths_;
  const SimulatedAgent::Shape shape_;
  std::deque<SimulatedAgent> agents_;
  std::vector<End> ends_;
  std::priority_queue<Event, std::vector<Event>, std::greater<Event>> events_;
  std::vector<Said> messages_;
  std::vector<uint32_t> free_;
  uint64_t order_ = 0;
  double now_ = 0;
  RunFigures figures_;
  uint64_t second_ = 0, in_second_ = 0;
  uint64_t silent_ = 0;
  double measured_ = 0;
};

void Simulation::Starts(uint32_t agent, uint64_t index, double at) {
  figures_.last_start = std::max(figures_.last_start, at);
  At(at + lengths_[index], Event::Kind::kEnd, agent);
}

void Simulation::RunsItsFirstShare(double since) {
  figures_.first_shares = std::max(figures_.first_shares, since);
}

void Simulation::SayToParent(uint32_t agent, Said said) {
  if (said.what == Said::What::kReport) {
    double& reported_at = ends_[agent].reported_at;
    if (tree_.ParentOf(agent) == 0) {
      silent_ += static_cast<uint64_t>((now_ - reported_at) / kReportAtLeast);
    }
    reported_at = now_;
  }
  Send(Event::Kind::kToParent, agent, std::move(said));
}

uint32_t Simulation::Keep(Said said) {
  uint32_t place = static_cast<uint32_t>(messages_.size());
  if (free_.empty()) {
    messages_.emplace_back();
  } else {
    place = free_.back();
    free_.pop_back();
  }
  messages_[place] = std::move(said);
  return place;
}

Said Simulation::Take(uint32_t message) {
  free_.push_back(message);
  return std::move(messages_[message]);
}

void Simulation::Send(Event::Kind kind, uint32_t agent, Said said) {
  ++figures_.messages;
  uint32_t above = tree_.ParentOf(agent);
  uint64_t bytes = BytesOf(said);
  if (above == 0) CountAtRoot(bytes);
  End& from = ends_[kind == Event::Kind::kToParent ? agent : above];
  End& to = ends_[kind == Event::Kind::kToParent ? above : agent];
  from.busy_until = std::max(from.busy_until, now_) + model_.handling;
  double arrives = from.busy_until + model_.latency +
                   static_cast<double>(bytes) * model_.per_byte;
  to.busy_until = std::max(to.busy_until, arrives) + model_.handling;
  At(to.busy_until, kind, agent, Keep(std::move(said)));
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
  const Subtree& root = agents_[0].subtree();
  uint64_t bytes =
      sizeof(Subtree) + root.Holds().indexes().ranges().size() * kRangeBytes;
  for (uint32_t child : tree_.ChildrenOf(0)) {
    bytes += sizeof(Progress) + sizeof(Work) +
             root.HeldBy(child).indexes().ranges().size() * kRangeBytes;
  }
  figures_.root_memory = std::max(figures_.root_memory, bytes);
}

void Simulation::AddSilence() {
  Said report{Said::What::kReport, {}, Work(), 0};
  uint64_t children = tree_.ChildrenOf(0).size();
  uint64_t beats = children * static_cast<uint64_t>(now_ / kBeat);
  figures_.root_messages += silent_ + beats;
  figures_.root_bytes += (silent_ + beats) * BytesOf(report);
}

void Simulation::Handle(const Event& event) {
  SimulatedAgent& agent = agents_[event.agent];
  switch (static_cast<Event::Kind>(event.kind)) {
    case Event::Kind::kUp:
      agent.Up();
      break;
    case Event::Kind::kJoin:
      agent.Join(&agents_[tree_.ParentOf(event.agent)]);
      break;
    case Event::Kind::kEnd:
      figures_.makespan = std::max(figures_.makespan, now_);
      agent.OneEnded();
      break;
    case Event::Kind::kTick:
      agent.Tick();
      break;
    case Event::Kind::kToParent:
      agents_[tree_.ParentOf(event.agent)].HearChild(event.agent,
                                                     Take(event.message));
      break;
    case Event::Kind::kToChild:
      agent.HearParent(Take(event.message));
      break;
    case Event::Kind::kToOwn:
      agent.HearSelf(Take(event.message));
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
