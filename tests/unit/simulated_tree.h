// Agents of a run over links that keep order and delay at will: every step is
// a choice of the caller. For tests of Subtree.
#pragma once

#include <stdlib.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "spank/agent/share/first_share.h"
#include "spank/agent/share/subtree.h"

namespace cram {

class SimulatedTree {
 public:
  static constexpr size_t kDone = static_cast<size_t>(State::kCompleted);

  // `left`: there are no first shares, and this is what there is to do.
  SimulatedTree(uint64_t subjobs, uint32_t nodes, uint32_t fan_out,
                uint32_t slots, const Work* left = nullptr);

  uint32_t nodes() const { return static_cast<uint32_t>(agents_.size()); }
  Subtree& subtree(uint32_t id) { return *agents_[id].subtree; }
  bool dead(uint32_t id) const { return agents_[id].dead; }
  bool finished(uint32_t id) const { return agents_[id].left; }
  uint64_t ran(uint32_t id) const { return agents_[id].ran; }
  const std::map<uint64_t, int>& times_completed() const { return completed_; }
  const std::map<uint64_t, uint32_t>& last_attempt() const { return attempt_; }
  uint64_t messages() const { return messages_; }

  // The first of what runs on the node ends, and the next starts at once.
  bool End(uint32_t id);

  // It fails there, and another node is to run it.
  bool Fail(uint32_t id);

  // As an agent does: its node's counts, the wish for more, then its subtree's.
  bool Update(uint32_t id);

  // Delivers one message of the node to its parent, or the other way, or of
  // the node to itself.
  bool DeliverUp(uint32_t id) { return Deliver(id, &Agent::up); }
  bool DeliverDown(uint32_t id) { return Deliver(id, &Agent::down); }
  bool DeliverOwn(uint32_t id) { return Deliver(id, &Agent::own); }

  // Its connection breaks; it may join again.
  bool Part(uint32_t id);
  bool Rejoin(uint32_t id);
  void RejoinAll();
  void Break(uint32_t id);

  // It dies with what it runs; its children attach to its parent, but for those
  // in `gone_too`, who die as well. Then its parent looks at what it left.
  bool Kill(uint32_t id);

  // The whole run, from the root on.
  void Stop() { StopFrom(0); }

  // Whether every index is in exactly one place, while nobody is parted: what
  // aborts says where.
  void CheckHeldOnce() const;

  // One thing that can happen, of eight.
  void Step(uint32_t what, uint32_t id);

  // Everything that can happen happens, in turn; whether the run came to its
  // end.
  bool RunToTheEnd();

 private:
  struct Agent : Neighbours {
    uint32_t id = 0, parent = 0;
    SimulatedTree* run = nullptr;
    std::unique_ptr<Subtree> subtree;
    Work waiting;
    std::map<uint64_t, Tried> running;
    IndexSet ended;
    uint64_t ran = 0;
    bool asked = false, stopping = false, dead = false, left = false;
    bool parted = false;
    // To the parent, from the parent, from its subtree to its node. `work` is
    // what a message moves.
    struct Message {
      std::function<void()> act;
      IndexSet work;
    };
    std::deque<Message> up, down, own;

    void StartMore();
    void ReportUp();
    void Push(std::deque<Message>* queue, IndexSet work,
              std::function<void()> act);

    void Grant(uint32_t child, const Work& work) override;
    void Recall(uint32_t child, uint64_t count) override;
    void Finish(uint32_t child) override;
    void AskParent() override;
    void RunElsewhereAbove(const Work& work) override;
    void ReturnToParent(const Work& work) override;
  };

  IndexSet Below(uint32_t id) const;

  static IndexSet InFlight(const Agent& agent);

  void Join(uint32_t id, uint32_t parent);

  bool Deliver(uint32_t id, std::deque<Agent::Message> Agent::*queue);

  // What the journals of the dead below `id` say of what it held.
  void Bury(uint32_t id, uint32_t parent);

  void StopFrom(uint32_t id);

  uint32_t fan_out_, slots_;
  std::vector<Agent> agents_;
  std::map<uint64_t, int> completed_;
  std::map<uint64_t, uint32_t> attempt_;
  uint64_t messages_ = 0;
};

}  // namespace cram
