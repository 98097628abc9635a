#include "spank/agent/gang/conductor.h"

#include <algorithm>

namespace cram {
namespace {

// Parts that do not end after part 0 are ended: a grace for them, and time for
// a rank that hangs in the kernel.
constexpr uint32_t kRepeatsAlone = 20;

}  // namespace

uint32_t Conductor::Node::RanksOf(const WideSubJob& subjob) const {
  if (lost || subjob.cap_bytes > bytes) return 0;
  return cpus / std::max(subjob.cpus, 1u);
}

// ---- Nodes

void Conductor::NodeIsHere(uint32_t id, uint32_t cpus, uint64_t bytes) {
  auto [node, is_new] = nodes_.try_emplace(id);
  if (!is_new) return;
  node->second.cpus = cpus;
  node->second.bytes = bytes;
  Form();
}

void Conductor::NodeIsLost(uint32_t id) {
  Node& node = nodes_[id];
  if (node.lost) return;
  node.lost = true;
  std::vector<uint64_t> theirs;
  for (auto& [gang, act] : gangs_) {
    for (size_t i = 0; i < act.gang.parts.size(); ++i) {
      if (act.gang.parts[i].node != id || act.words[i] == GangWord::kOver) {
        continue;
      }
      act.words[i] = GangWord::kOver;
      act.lost = true;
      End(&act);
      theirs.push_back(gang);
    }
  }
  for (uint64_t gang : theirs) FinishIfOver(gang);
  Form();
}

std::vector<uint32_t> Conductor::FreeNodes() const {
  std::vector<uint32_t> free;
  for (const auto& [id, node] : nodes_) {
    if (!node.busy && !node.lost) free.push_back(id);
  }
  return free;
}

// ---- What waits

void Conductor::Add(const WideSubJob& subjob) {
  auto [place, is_new] =
      line_[subjob.width()].try_emplace(subjob.index, subjob);
  if (is_new) ++waiting_;
  Form();
}

std::optional<WideSubJob> Conductor::TakeWidest() {
  if (line_.empty()) return std::nullopt;
  auto widest = line_.begin();
  WideSubJob subjob = widest->second.begin()->second;
  widest->second.erase(widest->second.begin());
  if (widest->second.empty()) line_.erase(widest);
  --waiting_;
  return subjob;
}

std::vector<WideSubJob> Conductor::Cancel(
    const std::function<bool(uint64_t index)>& chosen) {
  std::vector<WideSubJob> removed;
  for (auto width = line_.begin(); width != line_.end();) {
    for (auto it = width->second.begin(); it != width->second.end();) {
      if (chosen(it->first)) {
        removed.push_back(it->second);
        it = width->second.erase(it);
        --waiting_;
      } else {
        ++it;
      }
    }
    width = width->second.empty() ? line_.erase(width) : std::next(width);
  }
  for (auto& [id, act] : gangs_) {
    if (chosen(act.gang.subjob.index)) End(&act);
  }
  Form();
  return removed;
}

// ---- Forming

void Conductor::Form() {
  while (!line_.empty()) {
    WideSubJob widest = line_.begin()->second.begin()->second;
    if (FormOne(widest, 0, FreeNodes())) {
      TakeWidest();
    } else if (!CanEverRun(widest)) {
      TakeWidest();
      host_->CannotRun(widest);
    } else {
      return;
    }
  }
}

bool Conductor::CanEverRun(const WideSubJob& subjob) const {
  if (nodes_.size() < coming_) return true;
  uint64_t ranks = 0;
  for (const auto& [id, node] : nodes_) ranks += node.RanksOf(subjob);
  return ranks >= subjob.ranks;
}

// On as few of the nodes as possible: the largest. Its ranks fill them in the
// order of their ids.
bool Conductor::FormOne(const WideSubJob& subjob, uint64_t follows,
                        const std::vector<uint32_t>& nodes) {
  std::vector<std::pair<uint32_t, uint32_t>> rooms;  // ranks, node
  for (uint32_t id : nodes) {
    uint32_t ranks = nodes_[id].RanksOf(subjob);
    if (ranks > 0) rooms.emplace_back(ranks, id);
  }
  std::stable_sort(rooms.begin(), rooms.end(),
                   [](auto a, auto b) { return a.first > b.first; });
  uint64_t room = 0;
  size_t used = 0;
  while (used < rooms.size() && room < subjob.ranks) {
    room += rooms[used++].first;
  }
  if (room < subjob.ranks) return false;
  rooms.resize(used);
  std::sort(rooms.begin(), rooms.end(),
            [](auto a, auto b) { return a.second < b.second; });

  uint64_t id = ++last_gang_;
  Act& act = gangs_[id];
  act.gang.id = id;
  act.gang.follows = follows;
  act.gang.subjob = subjob;
  uint32_t left = subjob.ranks;
  for (const auto& [ranks, node] : rooms) {
    act.gang.parts.push_back({node, std::min(ranks, left)});
    left -= act.gang.parts.back().ranks;
    nodes_[node].busy = true;
  }
  act.ordered.resize(used, GangOrder::kReserve);
  act.words.resize(used, GangWord::kWaits);
  for (size_t i = 0; i < used; ++i) Order(&act, i, GangOrder::kReserve);
  return true;
}

// ---- Running

void Conductor::Order(Act* act, size_t part, GangOrder order) {
  act->ordered[part] = order;
  host_->Send(act->gang.parts[part].node, order, act->gang);
}

void Conductor::Heard(uint32_t node, uint64_t gang, GangWord word) {
  auto found = gangs_.find(gang);
  if (found == gangs_.end()) {
    // It has not heard that this gang is dissolved.
    Gang over;
    over.id = gang;
    if (word == GangWord::kOver) host_->Send(node, GangOrder::kDismiss, over);
    return;
  }
  Act& act = found->second;
  for (size_t i = 0; i < act.gang.parts.size(); ++i) {
    // Words may overtake each other: what was further stays.
    if (act.gang.parts[i].node == node && word > act.words[i]) {
      act.words[i] = word;
    }
  }
  GoOn(&act);
  FinishIfOver(gang);
}

void Conductor::GoOn(Act* act) {
  auto all = [act](auto good) {
    return std::all_of(act->words.begin(), act->words.end(), good);
  };
  bool one_is_over =
      !all([](GangWord word) { return word != GangWord::kOver; });
  if (act->words[0] == GangWord::kRunning && !act->began) {
    act->began = true;
    host_->Began(act->gang);
  }
  if (act->words[0] == GangWord::kOver) {
    EndUnstarted(act);
  } else if (one_is_over && !act->began) {
    End(act);
  }
  if (act->ending) return;
  if (act->ordered[0] == GangOrder::kReserve &&
      all([](GangWord word) { return word == GangWord::kReserved; })) {
    Order(act, 0, GangOrder::kStart);
  }
  if (act->words[0] != GangWord::kRunning) return;
  for (size_t i = 1; i < act->words.size(); ++i) {
    if (act->ordered[i] == GangOrder::kReserve &&
        act->words[i] == GangWord::kReserved) {
      Order(act, i, GangOrder::kStart);
    }
  }
}

void Conductor::GiveUp(uint64_t gang) {
  auto found = gangs_.find(gang);
  if (found != gangs_.end()) End(&found->second);
}

// Those that have started end by themselves, and say how.
void Conductor::EndUnstarted(Act* act) {
  for (size_t i = 1; i < act->words.size(); ++i) {
    if (act->ordered[i] == GangOrder::kReserve &&
        act->words[i] != GangWord::kOver) {
      Order(act, i, GangOrder::kEnd);
    }
  }
}

void Conductor::End(Act* act) {
  if (act->ending) return;
  act->ending = true;
  for (size_t i = 0; i < act->words.size(); ++i) {
    if (act->words[i] != GangWord::kOver) Order(act, i, GangOrder::kEnd);
  }
}

void Conductor::FinishIfOver(uint64_t id) {
  auto found = gangs_.find(id);
  if (found == gangs_.end()) return;
  const Act& act = found->second;
  if (std::any_of(act.words.begin(), act.words.end(),
                  [](GangWord word) { return word != GangWord::kOver; })) {
    return;
  }
  Gang gang = act.gang;
  bool lost = act.lost;
  gangs_.erase(found);
  host_->Ended(gang, lost);
  Dissolve(gang);
  Form();
}

// Unless the next one is of the same width.
void Conductor::Dissolve(const Gang& gang) {
  std::vector<uint32_t> nodes;
  for (const GangPart& part : gang.parts) {
    Node& node = nodes_[part.node];
    node.busy = false;
    if (!node.lost) nodes.push_back(part.node);
  }
  if (!line_.empty() && nodes.size() == gang.parts.size()) {
    const WideSubJob& next = line_.begin()->second.begin()->second;
    bool alike =
        next.ranks == gang.subjob.ranks && next.cpus == gang.subjob.cpus;
    if (alike && FormOne(next, gang.id, nodes)) {
      TakeWidest();
      return;
    }
  }
  for (uint32_t node : nodes) host_->Send(node, GangOrder::kDismiss, gang);
}

void Conductor::Repeat() {
  for (auto& [id, act] : gangs_) {
    bool alone = act.words[0] == GangWord::kOver;
    if (alone && ++act.repeats_alone == kRepeatsAlone) End(&act);
    for (size_t i = 0; i < act.words.size(); ++i) {
      bool heeded = act.words[i] == GangWord::kOver ||
                    (act.ordered[i] == GangOrder::kReserve &&
                     act.words[i] == GangWord::kReserved) ||
                    (act.ordered[i] == GangOrder::kStart &&
                     act.words[i] == GangWord::kRunning);
      if (!heeded) Order(&act, i, act.ordered[i]);
    }
  }
}

}  // namespace cram
