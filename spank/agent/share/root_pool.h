// The root's view of the run: who has what, and who gets more. Pure: no
// sockets, no clock; it is told what happened and calls what is to be done.
#pragma once

#include <stdint.h>

#include <array>
#include <vector>

#include "absl/strings/string_view.h"
#include "pack/base/index_set.h"
#include "pack/base/outcome.h"
#include "spank/agent/share/work.h"

namespace cram {

// What the root says to its members, itself (node 0) included. Calls may come
// from inside of any RootPool call and must not call back into it.
class Members {
 public:
  virtual ~Members() = default;
  virtual void Grant(uint32_t node, const IndexSet& indexes) = 0;
  virtual void Recall(uint32_t node, uint64_t count) = 0;
  // Nothing is left, or nothing more will be: once for each node not lost.
  virtual void Finish(uint32_t node) = 0;
};

// Guided self-scheduling: a node that asks gets half of an even part of what
// is left, so shares shrink as the pool does. When the pool is empty, half of
// the unstarted sub-jobs of the node that has most of them are recalled for
// the one that asks: a node with long runs holds nobody up.
class RootPool {
 public:
  // A member's totals since its start.
  struct Progress {
    std::array<uint64_t, kStates> finished = {};  // sub-jobs by final state
    uint64_t unstarted = 0;
    uint32_t running = 0;
    // It starts nothing more, whoever told it so: what it has not started
    // stays without result.
    bool stopping = false;
  };

  // All nodes hold their first share from the start.
  RootPool(uint64_t subjobs, uint32_t nodes, Members* members);
  // There are no first shares: no node holds anything until it asks.
  RootPool(const Work& work, uint32_t nodes, Members* members);

  void Ask(uint32_t node);
  void Report(uint32_t node, const Progress& progress);
  void Returned(uint32_t node, const IndexSet& indexes);
  // What of `indexes` is in the pool goes to `node`, asked or not.
  void GiveTo(uint32_t node, const IndexSet& indexes);
  // It will never be heard of again. What it held and did not report as
  // finished stays without result.
  void Lost(uint32_t node);
  // Nothing more is given out; the run finishes when nothing runs any more.
  void Stop();

  bool finished() const { return finished_; }
  bool lost(uint32_t node) const { return nodes_[node].lost; }
  uint32_t nodes_lost() const;
  // Sums over all nodes, lost ones included.
  Progress Totals() const;

 private:
  struct Node {
    uint64_t granted = 0;
    Progress progress;
    bool heard = false;  // it can be spoken to
    bool asking = false;
    bool recalled = false;  // an answer is on its way
    bool lost = false;
  };

  void Serve();
  bool GrantTo(uint32_t node);
  void RecallFor(uint32_t asker);
  bool Idle(const Node& node) const;
  void FinishIfDone();

  Members* members_;
  IndexSet pool_;
  std::vector<Node> nodes_;
  bool stopped_ = false;
  bool finished_ = false;
};

}  // namespace cram
