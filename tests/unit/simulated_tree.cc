#include "tests/unit/simulated_tree.h"

#include <stdlib.h>

#include <array>
#include <utility>

#include "spank/agent/share/first_share.h"

namespace cram {

SimulatedTree::SimulatedTree(uint64_t subjobs, uint32_t nodes, uint32_t fan_out,
                             uint32_t slots, const Work* left)
    : fan_out_(fan_out), slots_(slots), agents_(nodes) {
  Work none;
  for (uint32_t id = 0; id < nodes; ++id) {
    Agent& agent = agents_[id];
    agent.id = id;
    agent.run = this;
    agent.parent = id == 0 ? 0 : (id - 1) / fan_out;
    Work pool;
    if (id == 0) {
      pool =
          left != nullptr ? *left : Work(IndexSet(FirstPool(subjobs, nodes)));
    }
    agent.subtree = std::make_unique<Subtree>(id == 0, pool, &agent);
    for (uint32_t child = 0; child < nodes; ++child) {
      bool own = child == id;
      if (!own && (child == 0 || (child - 1) / fan_out != id)) continue;
      IndexSet below = own ? IndexSet({id, id + 1}) : Below(child);
      agent.subtree->AddChild(
          child,
          left != nullptr ? none : Work(FirstShares(subjobs, nodes, below)),
          slots * static_cast<uint32_t>(below.size()));
    }
    if (left == nullptr) {
      agent.waiting = Work(FirstShare(subjobs, nodes, id));
    }
  }
  for (uint32_t id = 1; id < nodes; ++id) Join(id, agents_[id].parent);
  for (Agent& agent : agents_) agent.StartMore();
}

bool SimulatedTree::End(uint32_t id) {
  Agent& agent = agents_[id];
  if (agent.dead || agent.running.empty()) return false;
  auto [index, tried] = *agent.running.begin();
  agent.running.erase(agent.running.begin());
  ++completed_[index];
  attempt_[index] = tried.attempts;
  agent.ended.Add(index);
  ++agent.ran;
  agent.StartMore();
  return true;
}

bool SimulatedTree::Fail(uint32_t id) {
  Agent& agent = agents_[id];
  if (agent.dead || agent.running.empty()) return false;
  auto [index, tried] = *agent.running.begin();
  agent.running.erase(agent.running.begin());
  ++tried.attempts;
  tried.failed_on = id + 1;
  Work work;
  work.Add(index, tried);
  agent.Push(&agent.own, work.indexes(), [this, id, work] {
    Update(id);
    agents_[id].subtree->RunElsewhere(id, work);
  });
  agent.StartMore();
  return true;
}

bool SimulatedTree::Update(uint32_t id) {
  Agent& agent = agents_[id];
  if (agent.dead || agent.left) return false;
  Progress own;
  own.finished[kDone] = agent.ran;
  own.unstarted = agent.waiting.size();
  own.running = static_cast<uint32_t>(agent.running.size());
  own.slots = slots_;
  own.stopping = agent.stopping;
  agent.subtree->Report(id, own);
  if (!agent.stopping && !agent.asked && own.unstarted < slots_) {
    agent.asked = true;
    agent.subtree->Ask(id);
  }
  agent.ReportUp();
  return true;
}

bool SimulatedTree::Part(uint32_t id) {
  Agent& agent = agents_[id];
  if (id == 0 || agent.parted || agent.dead || agent.left ||
      agents_[agent.parent].dead || agents_[agent.parent].left) {
    return false;
  }
  agent.up.clear();
  agent.down.clear();
  agent.parted = true;
  agent.subtree->ParentMissing();
  agents_[agent.parent].subtree->Missing(id);
  return true;
}

bool SimulatedTree::Rejoin(uint32_t id) {
  Agent& agent = agents_[id];
  if (!agent.parted || agent.dead) return false;
  Join(id, agent.parent);
  return true;
}

void SimulatedTree::RejoinAll() {
  for (uint32_t id = 0; id < nodes(); ++id) Rejoin(id);
}

void SimulatedTree::Break(uint32_t id) {
  if (Part(id)) Rejoin(id);
}

bool SimulatedTree::Kill(uint32_t id) {
  Agent& agent = agents_[id];
  if (id == 0 || agent.dead || agent.left || agents_[agent.parent].left) {
    return false;
  }
  agent.dead = true;
  agent.up.clear();
  agent.down.clear();
  agent.own.clear();
  agents_[agent.parent].subtree->Missing(id);
  for (uint32_t child = 1; child < nodes(); ++child) {
    Agent& orphan = agents_[child];
    if (orphan.dead || orphan.parent != id) continue;
    orphan.up.clear();
    orphan.down.clear();
    Work holds = orphan.subtree->Holds();
    agents_[agent.parent].subtree->Adopt(child, holds, id);
    orphan.parent = agent.parent;
    orphan.parted = false;
    orphan.subtree->ParentJoined();
    orphan.ReportUp();
  }
  Bury(id, agent.parent);
  return true;
}

void SimulatedTree::CheckHeldOnce() const {
  for (const Agent& agent : agents_) {
    if (agent.dead || agent.left) continue;
    for (uint32_t child = 0; child < nodes(); ++child) {
      if (!agent.subtree->Knows(child) || child == agent.id) continue;
      const Agent& below = agents_[child];
      if (below.dead || below.parent != agent.id) continue;
      IndexSet theirs = below.subtree->Holds().indexes();
      IndexSet ours = agent.subtree->HeldBy(child).indexes();
      for (const auto& [begin, end] : theirs.ranges()) {
        ours.Remove({begin, end});
      }
      IndexSet on_its_way = InFlight(below);
      for (const auto& [begin, end] : on_its_way.ranges()) {
        ours.Remove({begin, end});
      }
      if (!ours.empty()) abort();
    }
  }
}

void SimulatedTree::Step(uint32_t what, uint32_t id) {
  switch (what % 8) {
    case 0:
    case 1:
      End(id);
      break;
    case 2:
      Update(id);
      break;
    case 3:
    case 4:
      DeliverUp(id);
      break;
    case 5:
      DeliverDown(id);
      break;
    case 6:
      DeliverOwn(id);
      break;
    case 7:
      Fail(id);
      break;
  }
}

bool SimulatedTree::RunToTheEnd() {
  RejoinAll();
  for (int round = 0; round < 20000; ++round) {
    bool moved = false;
    for (uint32_t id = 0; id < nodes(); ++id) {
      moved = End(id) || moved;
      Update(id);
      // Not for ever: two may send something to and fro until a third
      // answers.
      for (int i = 0; i < 100; ++i) {
        if (!DeliverOwn(id) && !DeliverUp(id) && !DeliverDown(id)) break;
        moved = true;
      }
    }
    if (subtree(0).finished() && !moved) return true;
  }
  return false;
}

void SimulatedTree::Agent::StartMore() {
  while (!waiting.empty() && running.size() < run->slots_) {
    Work next = waiting.TakeFront(1);
    uint64_t index = next.indexes().front();
    running[index] = next.TriedOf(index);
  }
}

void SimulatedTree::Agent::ReportUp() {
  if (id == 0 || left || parted) return;
  Progress progress = subtree->Totals();
  Push(&up, {}, [this, progress] {
    run->agents_[parent].subtree->Report(id, progress);
  });
}

void SimulatedTree::Agent::Push(std::deque<Message>* queue, IndexSet work,
                                std::function<void()> act) {
  if (parted && queue == &up) abort();
  ++run->messages_;
  queue->push_back({std::move(act), std::move(work)});
}

void SimulatedTree::Agent::Grant(uint32_t child, const Work& work) {
  Agent* to = &run->agents_[child];
  if (child == id) {
    Push(&own, work.indexes(), [to, work] {
      to->asked = false;
      to->waiting.AddAll(work);
      to->StartMore();
    });
    return;
  }
  if (to->parted) return;
  Push(&to->down, work.indexes(), [to, work] { to->subtree->Granted(work); });
}

void SimulatedTree::Agent::Recall(uint32_t child, uint64_t count) {
  Agent* to = &run->agents_[child];
  if (child == id) {
    Push(&own, {}, [to, count] {
      to->subtree->Returned(to->id, to->waiting.TakeBack(count));
    });
    return;
  }
  Push(&to->down, {}, [to, count] { to->subtree->Recalled(count); });
}

void SimulatedTree::Agent::Finish(uint32_t child) {
  Agent* to = &run->agents_[child];
  if (child == id) {
    left = true;
    return;
  }
  Push(&to->down, {}, [to] { to->subtree->Finish(); });
}

void SimulatedTree::Agent::AskParent() {
  ReportUp();
  Push(&up, {}, [this] { run->agents_[parent].subtree->Ask(id); });
}

void SimulatedTree::Agent::RunElsewhereAbove(const Work& work) {
  ReportUp();
  Push(&up, work.indexes(),
       [this, work] { run->agents_[parent].subtree->RunElsewhere(id, work); });
}

void SimulatedTree::Agent::ReturnToParent(const Work& work) {
  Push(&up, work.indexes(),
       [this, work] { run->agents_[parent].subtree->Returned(id, work); });
}

IndexSet SimulatedTree::Below(uint32_t id) const {
  IndexSet below;
  for (uint32_t other = id; other < agents_.size(); ++other) {
    uint32_t above = other;
    while (above > id) above = (above - 1) / fan_out_;
    if (above == id) below.Add(other);
  }
  return below;
}

IndexSet SimulatedTree::InFlight(const Agent& agent) {
  IndexSet all;
  for (const auto& queue : {agent.up, agent.down}) {
    for (const Agent::Message& message : queue) all.AddAll(message.work);
  }
  return all;
}

void SimulatedTree::Join(uint32_t id, uint32_t parent) {
  Agent& agent = agents_[id];
  agent.parted = false;
  agents_[parent].subtree->Joined(id, agent.subtree->Holds());
  agent.subtree->ParentJoined();
  agent.ReportUp();
}

bool SimulatedTree::Deliver(uint32_t id,
                            std::deque<Agent::Message> Agent::*queue) {
  Agent& agent = agents_[id];
  if (agent.dead || (agent.*queue).empty()) return false;
  Agent::Message message = std::move((agent.*queue).front());
  (agent.*queue).pop_front();
  message.act();
  return true;
}

// What the journals of the dead below `id` say of what it held.
void SimulatedTree::Bury(uint32_t id, uint32_t parent) {
  const Work& holds = agents_[parent].subtree->HeldBy(id);
  std::array<uint64_t, kStates> finished = {};
  Work again = holds;
  for (Agent& agent : agents_) {
    for (const auto& [begin, end] : agent.ended.ranges()) {
      for (uint64_t index = begin; index < end; ++index) {
        if (again.indexes().Contains(index)) {
          ++finished[kDone];
          again.Remove(IndexSet({index, index + 1}));
        }
      }
    }
    if (!agent.dead) continue;
    for (const auto& [index, tried] : agent.running) {
      if (!again.indexes().Contains(index) ||
          again.TriedOf(index).attempts > tried.attempts) {
        continue;
      }
      Tried next = tried;
      ++next.attempts;
      ++next.losses;
      again.Add(index, next);
    }
  }
  agents_[parent].subtree->Lost(id, again, finished);
}

void SimulatedTree::StopFrom(uint32_t id) {
  Agent& agent = agents_[id];
  if (agent.dead) return;
  agent.stopping = true;
  agent.waiting = Work();
  agent.running.clear();
  agent.subtree->Stop();
  for (uint32_t child = 1; child < nodes(); ++child) {
    if (agents_[child].parent != id) continue;
    agents_[child].Push(&agents_[child].down, {},
                        [this, child] { StopFrom(child); });
  }
}

}  // namespace cram
