#include "spank/agent/share/root_pool.h"

#include <algorithm>
#include <numeric>

#include "spank/agent/share/first_share.h"

namespace cram {
namespace {

uint64_t Sum(const std::array<uint64_t, kStates>& counts) {
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
}

}  // namespace

RootPool::RootPool(uint64_t subjobs, uint32_t nodes, Members* members)
    : members_(members), pool_(FirstPool(subjobs, nodes)), nodes_(nodes) {
  for (uint32_t node = 0; node < nodes; ++node) {
    uint64_t share = FirstShare(subjobs, nodes, node).size();
    nodes_[node].granted = share;
    nodes_[node].progress.unstarted = share;
  }
}

RootPool::RootPool(const Work& work, uint32_t nodes, Members* members)
    : members_(members), pool_(work.indexes()), nodes_(nodes) {}

void RootPool::Ask(uint32_t node) {
  if (nodes_[node].lost) return;
  nodes_[node].heard = nodes_[node].asking = true;
  nodes_[node].progress.unstarted = 0;
  Serve();
}

void RootPool::Report(uint32_t node, const Progress& progress) {
  if (nodes_[node].lost) return;
  nodes_[node].heard = true;
  nodes_[node].progress = progress;
  if (progress.stopping) nodes_[node].asking = false;
  Serve();
}

void RootPool::Returned(uint32_t node, const IndexSet& indexes) {
  if (nodes_[node].lost) return;
  Node& from = nodes_[node];
  from.recalled = false;
  from.granted -= indexes.size();
  from.progress.unstarted -=
      std::min<uint64_t>(from.progress.unstarted, indexes.size());
  if (indexes.empty()) from.progress.unstarted = 0;
  pool_.AddAll(indexes);
  Serve();
}

void RootPool::Lost(uint32_t node) {
  nodes_[node].lost = true;
  nodes_[node].asking = false;
  nodes_[node].recalled = false;
  nodes_[node].progress.running = 0;
  nodes_[node].progress.unstarted = 0;
  Serve();
}

void RootPool::Stop() {
  stopped_ = true;
  FinishIfDone();
}

uint32_t RootPool::nodes_lost() const {
  return static_cast<uint32_t>(
      std::count_if(nodes_.begin(), nodes_.end(),
                    [](const Node& node) { return node.lost; }));
}

RootPool::Progress RootPool::Totals() const {
  Progress totals;
  for (const Node& node : nodes_) {
    for (size_t i = 0; i < kStates; ++i) {
      totals.finished[i] += node.progress.finished[i];
    }
    totals.unstarted += node.progress.unstarted;
    totals.running += node.progress.running;
  }
  totals.unstarted += pool_.size();
  return totals;
}

void RootPool::GiveTo(uint32_t node, const IndexSet& indexes) {
  IndexSet share = pool_.Take(indexes);
  if (share.empty()) return;
  nodes_[node].granted += share.size();
  nodes_[node].progress.unstarted += share.size();
  members_->Grant(node, share);
}

bool RootPool::GrantTo(uint32_t node) {
  if (pool_.empty()) return false;
  uint64_t alive = nodes_.size() - nodes_lost();
  uint64_t count = std::max<uint64_t>(1, pool_.size() / alive / 2);
  IndexSet share = pool_.TakeFront(count);
  nodes_[node].granted += share.size();
  nodes_[node].progress.unstarted += share.size();
  nodes_[node].asking = false;
  members_->Grant(node, share);
  return true;
}

void RootPool::RecallFor(uint32_t asker) {
  uint32_t richest = asker;
  uint64_t most = 0;
  for (uint32_t node = 0; node < nodes_.size(); ++node) {
    const Node& candidate = nodes_[node];
    if (candidate.lost || candidate.asking || !candidate.heard) continue;
    // One at a time: what comes back may be enough for all who ask.
    if (candidate.recalled) return;
    if (candidate.progress.unstarted > most) {
      most = candidate.progress.unstarted;
      richest = node;
    }
  }
  if (most == 0) return;
  nodes_[richest].recalled = true;
  members_->Recall(richest, (most + 1) / 2);
}

void RootPool::Serve() {
  if (!stopped_ && !finished_) {
    for (uint32_t node = 0; node < nodes_.size(); ++node) {
      if (nodes_[node].asking && !GrantTo(node)) RecallFor(node);
    }
  }
  FinishIfDone();
}

bool RootPool::Idle(const Node& node) const {
  if (node.lost) return true;
  if (stopped_ || node.progress.stopping) {
    return node.progress.stopping && node.progress.running == 0;
  }
  return !node.recalled && Sum(node.progress.finished) >= node.granted;
}

void RootPool::FinishIfDone() {
  if (finished_ ||
      (!stopped_ && !pool_.empty() && nodes_lost() < nodes_.size()))
    return;
  for (const Node& node : nodes_) {
    if (!Idle(node)) return;
  }
  finished_ = true;
  for (uint32_t node = 0; node < nodes_.size(); ++node) {
    if (!nodes_[node].lost) members_->Finish(node);
  }
}

}  // namespace cram
