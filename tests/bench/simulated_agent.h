// An agent of a simulated run: the real engine (Subtree), told and heard as an
// agent does it.
#pragma once

#include <stdint.h>

#include <memory>

#include "pack/base/index_set.h"
#include "spank/agent/share/progress.h"
#include "spank/agent/share/subtree.h"
#include "spank/agent/share/tree.h"
#include "spank/agent/share/work.h"

namespace cram {

// One message between two agents, or of an engine to its own node.
struct Said {
  enum class What : uint8_t {
    kReport,
    kAsk,
    kReturn,
    kGrant,
    kRecall,
    kFinish
  };
  What what;
  Progress progress;
  Work work;
  uint64_t count = 0;
};

// Times are seconds of the simulated clock. Nothing fails.
class SimulatedAgent : private Neighbours {
 public:
  // What is around it, which keeps what is said and tells it later.
  class World {
   public:
    virtual ~World() = default;
    virtual double now() const = 0;
    // It starts at that time, and OneEnded() is called at its end.
    virtual void Starts(uint32_t agent, uint64_t index, double at) = 0;
    // So its slots are full, as far as its first share goes.
    virtual void RunsItsFirstShare(double since) = 0;
    // Tick() is called after so long.
    virtual void TickAfter(uint32_t agent, double seconds) = 0;
    virtual void SayToParent(uint32_t agent, Said said) = 0;
    virtual void SayToChild(uint32_t child, Said said) = 0;
    virtual void SayToSelf(uint32_t agent, Said said) = 0;
  };
  struct Shape {
    const Tree* tree;
    uint64_t subjobs;
    uint32_t slots;
    double start;  // what it takes to start one, after the other
  };

  // Both outlive it, and it stays where it is.
  SimulatedAgent(World* world, const Shape* shape, uint32_t id);
  SimulatedAgent(const SimulatedAgent&) = delete;
  SimulatedAgent& operator=(const SimulatedAgent&) = delete;

  void Up();
  void Join(SimulatedAgent* parent);
  void OneEnded();
  void Tick();
  void HearChild(uint32_t child, const Said& said);
  void HearParent(const Said& said);
  void HearSelf(const Said& said);

  const Subtree& subtree() const { return *subtree_; }

 private:
  void Grant(uint32_t child, const Work& work) override;
  void Recall(uint32_t child, uint64_t count) override;
  void Finish(uint32_t child) override;
  void AskParent() override;
  void ReturnToParent(const Work& work) override;
  void RunElsewhereAbove(const Work&) override {}

  void AddChild(uint32_t child, const IndexSet& ids);
  void StartMore();
  void Update();
  void ReportWhenDue();
  void Report();
  void TickLater();
  void Say(uint32_t child, Said said);

  World* world_;
  const Shape* shape_;
  uint32_t id_;
  std::unique_ptr<Subtree> subtree_;
  IndexSet waiting_;
  uint64_t ended_ = 0, started_ = 0, first_share_ = 0;
  uint32_t running_ = 0;
  double starts_until_ = 0, reported_at_ = 0;
  bool up_ = false, joined_ = false, asked_ = false, ticking_ = false;
  Progress reported_;
};

}  // namespace cram
