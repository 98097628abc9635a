#include "spank/agent/agent/gang_leader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pack/base/clock.h"
#include "pack/base/size.h"
#include "spank/agent/agent/secret.h"

namespace cram {
namespace {

constexpr absl::Duration kBetweenRepeats = absl::Seconds(1);
// Sub-jobs that are read, then everything else has its turn.
constexpr uint64_t kReadAtOnce = 200;

}  // namespace

GangLeader::GangLeader(const Run* run, Node* node,
                       std::function<void(const wire::GangOrder&)> order)
    : run_(run),
      node_(node),
      order_(std::move(order)),
      conductor_(run->step.nodes, this) {
  Repeat();
}

GangLeader::~GangLeader() {
  run_->loop->Cancel(repeat_timer_);
  run_->loop->Cancel(read_timer_);
}

void GangLeader::Repeat() {
  conductor_.Repeat();
  repeat_timer_ = run_->loop->After(kBetweenRepeats, [this] { Repeat(); });
}

// ---- What there is to do

void GangLeader::TakeFrom(Work* work) {
  unread_.AddAll(work->Take(run_->wide));
  ReadMore();
}

// The conductor knows the widest first; there may be many, and each is read.
void GangLeader::ReadMore() {
  if (read_timer_ != 0 || unread_.empty()) return;
  read_timer_ = run_->loop->After(absl::ZeroDuration(), [this] {
    read_timer_ = 0;
    Work now = unread_.TakeFront(kReadAtOnce);
    for (const auto& [begin, end] : now.indexes().ranges()) {
      for (uint64_t index = begin; index < end; ++index) {
        TakeUp({index, now.TriedOf(index)});
      }
    }
    ReadMore();
  });
}

void GangLeader::TakeUp(const Planned& planned) {
  std::optional<Candidate> candidate = node_->ReadWide(planned);
  if (candidate) Add(*candidate);
}

void GangLeader::Add(const Candidate& candidate) {
  if (stopping_ || over_) return;
  const SubJob& said = candidate.subjob;
  const RunOptions& options = run_->options.run;
  bool has_cap = candidate.tried.cap_bytes != 0 || options.mem_bytes != 0 ||
                 (!options.mem_share && said.memory_bytes != 0);
  WideSubJob subjob;
  subjob.index = said.index;
  subjob.attempt = candidate.tried.attempts;
  subjob.ranks = said.ranks;
  subjob.cpus = std::max(said.cpus, 1u);
  subjob.cap_bytes = has_cap ? candidate.cap_bytes : 0;
  candidates_[said.index] = candidate;
  conductor_.Add(subjob);
}

void GangLeader::Cancel(const IndexSet& indexes) {
  Work unread = unread_.Take(indexes);
  std::vector<WideSubJob> waited = conductor_.Cancel(
      [&indexes](uint64_t index) { return indexes.Contains(index); });
  for (auto& [gang, act] : acts_) {
    if (!indexes.Contains(act.end.gang.subjob.index)) continue;
    act.end.cancelled_by_user = true;
  }
  // The node has heard of it, and records those.
  for (const WideSubJob& subjob : waited) {
    unread.Add(subjob.index, candidates_[subjob.index].tried);
    candidates_.erase(subjob.index);
  }
  if (!unread.empty()) node_->Add(unread);
}

void GangLeader::Stop() {
  stopping_ = true;
  unread_ = Work();
  for (const WideSubJob& subjob :
       conductor_.Cancel([](uint64_t) { return true; })) {
    candidates_.erase(subjob.index);
  }
}

uint64_t GangLeader::SetAside() {
  over_ = true;
  uint64_t count = std::exchange(unread_, Work()).size();
  std::vector<WideSubJob> waited = conductor_.Cancel([this](uint64_t index) {
    for (const auto& [gang, act] : acts_) {
      if (act.end.gang.subjob.index == index) return !act.began;
    }
    return true;
  });
  for (const WideSubJob& subjob : waited) candidates_.erase(subjob.index);
  return count + waited.size();
}

// ---- What is heard

void GangLeader::Hear(const wire::GangNode& node) {
  if (node.lost()) {
    conductor_.NodeIsLost(node.node_id());
    return;
  }
  names_[node.node_id()] = node.node_name();
  conductor_.NodeIsHere(node.node_id(), node.cpus(), node.bytes());
}

void GangLeader::Hear(const wire::GangWord& said) {
  if (said.leaves()) {
    conductor_.NodeIsLost(said.node_id());
    return;
  }
  auto word = static_cast<GangWord>(said.word());
  auto act = acts_.find(said.gang());
  bool failed = false;
  if (act != acts_.end()) {
    GangEnd& end = act->second.end;
    if (said.port() != 0) act->second.hub = said;
    for (size_t i = 0; word == GangWord::kOver && i < end.parts.size(); ++i) {
      if (end.gang.parts[i].node != said.node_id() || end.parts[i]) continue;
      cram::Ended ended;
      if (said.ended().empty() || !ended.ParseFromString(said.ended())) {
        continue;
      }
      if (said.has_lost_part()) end.lost_part = said.lost_part();
      failed = ended.cause() == static_cast<uint32_t>(Cause::kCouldNotStart);
      end.parts[i] = std::move(ended);
    }
  }
  if (failed) conductor_.GiveUp(said.gang());
  if (word <= GangWord::kOver) {
    conductor_.Heard(said.node_id(), said.gang(), word);
  }
}

// ---- What the conductor wants

GangLeader::Act& GangLeader::ActOf(const Gang& gang) {
  auto [place, is_new] = acts_.try_emplace(gang.id);
  Act& act = place->second;
  if (is_new) {
    act.end.gang = gang;
    act.end.parts.resize(gang.parts.size());
    act.secret = NewSecret();
  }
  return act;
}

void GangLeader::Send(uint32_t node, GangOrder kind, const Gang& gang) {
  wire::GangOrder order;
  order.set_node_id(node);
  order.set_order(static_cast<uint32_t>(kind));
  order.set_gang(gang.id);
  order.set_run_stops(stopping_);
  if (kind == GangOrder::kReserve || kind == GangOrder::kStart) {
    const Act& act = ActOf(gang);
    order.set_follows(gang.follows);
    order.set_index(gang.subjob.index);
    order.set_attempt(gang.subjob.attempt);
    order.set_cpus(gang.subjob.cpus);
    order.set_cap_bytes(gang.subjob.cap_bytes);
    for (const GangPart& part : gang.parts) {
      wire::GangPart* one = order.add_parts();
      one->set_node_id(part.node);
      one->set_node_name(names_[part.node]);
      one->set_ranks(part.ranks);
    }
    order.set_secret(act.secret);
    order.set_port(act.hub.port());
    *order.mutable_addresses() = act.hub.addresses();
  }
  order_(order);
}

void GangLeader::Began(const Gang& gang) {
  Act& act = ActOf(gang);
  act.start = Beginning();
  act.began = true;
  auto candidate = candidates_.find(gang.subjob.index);
  if (candidate == candidates_.end()) return;
  node_->RecordWideStarted(candidate->second, act.start.time);
}

void GangLeader::Ended(const Gang& gang, bool lost) {
  Act act = std::move(ActOf(gang));
  acts_.erase(gang.id);
  act.end.start = act.start.time;
  act.end.end = act.start.Now();
  act.end.node_lost = lost;
  bool told = act.end.cancelled_by_user ||
              std::any_of(act.end.parts.begin(), act.end.parts.end(),
                          [](const auto& part) { return part.has_value(); });
  if (!act.began && !told) {
    TryAgain(gang.subjob.index);
    return;
  }
  cram::Ended record = GangRecord(act.end);
  auto found = candidates_.find(gang.subjob.index);
  if (found == candidates_.end()) return;
  Candidate candidate = std::move(found->second);
  candidates_.erase(found);
  // Another attempt may come from it, and the conductor must not be called.
  run_->loop->After(absl::ZeroDuration(), [this, candidate, record] {
    cram::Ended ended = record;
    node_->SettleWide(candidate, &ended);
  });
}

// Its gang fell apart before it began.
void GangLeader::TryAgain(uint64_t index) {
  auto found = candidates_.find(index);
  if (found == candidates_.end()) return;
  Planned planned{index, found->second.tried};
  candidates_.erase(found);
  if (over_) {
    node_->SetAside(1);
  } else if (!stopping_) {
    run_->loop->After(absl::ZeroDuration(),
                      [this, planned] { TakeUp(planned); });
  }
}

void GangLeader::CannotRun(const WideSubJob& subjob) {
  auto found = candidates_.find(subjob.index);
  if (found == candidates_.end()) return;
  Candidate candidate = std::move(found->second);
  candidates_.erase(found);
  cram::Ended ended =
      EndedAtOnce(subjob.index, subjob.attempt, Cause::kCouldNotStart);
  ended.set_cpus(static_cast<uint32_t>(subjob.width()));
  ended.set_cap_bytes(candidate.cap_bytes);
  ended.set_failed_step(absl::StrCat(
      "it needs ", subjob.width(), " CPUs and ",
      FormatSize(candidate.cap_bytes),
      " on each node, which all nodes of the run together do not have"));
  run_->loop->After(absl::ZeroDuration(), [this, candidate, ended] {
    cram::Ended record = ended;
    node_->SettleWide(candidate, &record);
  });
}

}  // namespace cram
