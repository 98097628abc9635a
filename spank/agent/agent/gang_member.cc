#include "spank/agent/agent/gang_member.h"

#include <errno.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "spank/agent/agent/attempt.h"
#include "spank/agent/agent/own_addresses.h"
#include "spank/ranks/gang_place.h"

namespace cram {
namespace {

// The last word is said again until it was heard.
constexpr absl::Duration kBetweenLastWords = absl::Seconds(1);

GangPlace PlaceOf(const wire::GangOrder& order, size_t part) {
  GangPlace place;
  place.part = static_cast<uint32_t>(part);
  for (const wire::GangPart& one : order.parts()) {
    place.parts.push_back({one.node_name(), one.ranks()});
  }
  place.secret = order.secret();
  place.port = static_cast<uint16_t>(order.port());
  place.addresses.assign(order.addresses().begin(), order.addresses().end());
  return place;
}

}  // namespace

// ---- Orders

void GangMember::Heed(const wire::GangOrder& order) {
  auto found = parts_.find(order.gang());
  auto kind = static_cast<GangOrder>(order.order());
  if (kind == GangOrder::kDismiss) {
    Forget(order.gang());
    means_.changed();
    return;
  }
  if (found == parts_.end()) {
    if (kind != GangOrder::kReserve || stopping_) {
      SayUnknown(order.gang(), stopping_);
    } else {
      Reserve(order);
    }
    return;
  }
  Part* part = &found->second;
  if (kind == GangOrder::kStart && part->word == GangWord::kReserved &&
      part->slot == nullptr) {
    Start(part, order);
    return;
  }
  if (kind == GangOrder::kEnd) {
    End(part,
        order.run_stops() ? EndReason::kRunStopped : EndReason::kCancelled);
  }
  Say(part, part->word);
}

void GangMember::Reserve(const wire::GangOrder& order) {
  Forget(order.follows());
  Part& part = parts_[order.gang()];
  part.order = order;
  while (part.place < static_cast<size_t>(order.parts_size()) &&
         order.parts(static_cast<int>(part.place)).node_id() !=
             means_.node_id) {
    ++part.place;
  }
  absl::StatusOr<SubJob> subjob = means_.maker->Read(order.index());
  if (part.place == static_cast<size_t>(order.parts_size()) || !subjob.ok()) {
    Fail(&part,
         subjob.ok() ? "no part of it is here"
                     : std::string(subjob.status().message()),
         EINVAL);
    return;
  }
  uint32_t ranks = order.parts(static_cast<int>(part.place)).ranks();
  Candidate& candidate = part.candidate;
  candidate.cpus = ranks * std::max(order.cpus(), 1u);
  candidate.cap_bytes = order.cap_bytes() != 0
                            ? order.cap_bytes()
                            : means_.maker->CapOf(*subjob, candidate.cpus);
  candidate.tried.attempts = order.attempt();
  candidate.subjob = *std::move(subjob);
  if (!means_.slots->Fits(candidate.cpus, candidate.cap_bytes)) {
    Fail(&part, "its part does not fit this node", 0);
    return;
  }
  TakeRoom();
  Say(&part, part.word);
}

void GangMember::TakeRoom() {
  for (auto& [gang, part] : parts_) {
    if (part.word != GangWord::kWaits) continue;
    means_.slots->Reserve(part.candidate.cpus, part.candidate.cap_bytes);
    part.claim = means_.slots->TakeReserved();
    // Of several the first has the next room.
    if (!part.claim) return;
    Say(&part, GangWord::kReserved);
  }
}

bool GangMember::waits() const {
  return std::any_of(parts_.begin(), parts_.end(), [](const auto& part) {
    return part.second.word == GangWord::kWaits;
  });
}

uint32_t GangMember::claims() const {
  return static_cast<uint32_t>(std::count_if(
      parts_.begin(), parts_.end(),
      [](const auto& part) { return part.second.claim.has_value(); }));
}

void GangMember::Start(Part* part, const wire::GangOrder& order) {
  absl::StatusOr<Slot*> slot = means_.slot_of(part->claim->slot);
  if (!slot.ok()) {
    Fail(part, std::string(slot.status().message()), 0);
    return;
  }
  part->slot = *slot;
  Candidate candidate = part->candidate;
  candidate.gang = PlaceOf(order, part->place);
  candidate.gang_name =
      absl::StrCat("cram-", order.index(), "-g", order.gang());
  candidate.subjob.env.push_back(
      {std::string(kGangVariable), candidate.gang->ToText()});
  (*slot)->Start(std::move(candidate), *part->claim);
}

void GangMember::End(Part* part, EndReason reason) {
  if (part->slot != nullptr) {
    part->slot->Cancel(reason);
  } else if (part->word != GangWord::kOver) {
    part->word = GangWord::kOver;
  }
}

void GangMember::Stop() {
  stopping_ = true;
  EndAll();
}

void GangMember::LeaderIsGone() {
  leader_gone_ = stopping_ = true;
  EndAll();
  ForgetIfAlone();
}

// What is over waits for nobody.
void GangMember::ForgetIfAlone() {
  if (!leader_gone_) return;
  for (auto part = parts_.begin(); part != parts_.end();) {
    uint64_t gang = (part++)->first;
    Forget(gang);
  }
  means_.changed();
}

void GangMember::EndAll() {
  for (auto& [gang, part] : parts_) {
    bool was_over = part.word == GangWord::kOver;
    End(&part, EndReason::kRunStopped);
    if (!was_over) Say(&part, part.word);
  }
}

void GangMember::Forget(uint64_t gang) {
  auto part = parts_.find(gang);
  if (part == parts_.end() || part->second.slot != nullptr) return;
  if (part->second.claim) means_.slots->Release(*part->second.claim);
  parts_.erase(part);
}

// ---- What becomes of them

GangMember::Part* GangMember::Find(const Slot* slot) {
  for (auto& [gang, part] : parts_) {
    if (part.slot == slot) return &part;
  }
  return nullptr;
}

// The first part runs when the others can come to it.
void GangMember::Started(Slot* slot) {
  Part* part = Find(slot);
  if (part->place != 0) Say(part, GangWord::kRunning);
}

void GangMember::HubListens(Slot* slot, uint16_t port) {
  Part* part = Find(slot);
  part->said.set_port(port);
  for (const std::string& address : OwnAddresses()) {
    part->said.add_addresses(address);
  }
  Say(part, GangWord::kRunning);
}

void GangMember::CouldNotStart(Slot* slot, const Slot::Failure& why) {
  Part* part = Find(slot);
  part->slot = nullptr;
  Fail(part, why.step, why.error);
}

void GangMember::Fail(Part* part, const std::string& step, int error) {
  Ended ended = EndedAtOnce(part->order.index(), part->order.attempt(),
                            Cause::kCouldNotStart);
  ended.set_failed_step(step);
  ended.set_error_number(static_cast<uint32_t>(error));
  ended.SerializeToString(part->said.mutable_ended());
  Say(part, GangWord::kOver);
  ForgetIfAlone();
}

void GangMember::AttemptEnded(Slot* slot, Ended* ended) {
  Part* part = Find(slot);
  part->slot = nullptr;
  ended->SerializeToString(part->said.mutable_ended());
  const RankReport& report = slot->attempt().ranks;
  if (report.lost_part) part->said.set_lost_part(*report.lost_part);
  Say(part, GangWord::kOver);
  ForgetIfAlone();
}

// ---- Words

void GangMember::Say(Part* part, GangWord word) {
  part->word = word;
  part->said.set_node_id(means_.node_id);
  part->said.set_gang(part->order.gang());
  part->said.set_word(static_cast<uint32_t>(word));
  if (say_) say_(part->said);
  if (word != GangWord::kOver || timer_ != 0) return;
  timer_ = means_.loop->After(kBetweenLastWords, [this] { Repeat(); });
}

void GangMember::SayUnknown(uint64_t gang, bool leaves) {
  wire::GangWord word;
  word.set_node_id(means_.node_id);
  word.set_gang(gang);
  word.set_word(static_cast<uint32_t>(GangWord::kOver));
  word.set_leaves(leaves);
  if (say_) say_(word);
}

void GangMember::Repeat() {
  timer_ = 0;
  for (auto& [gang, part] : parts_) {
    if (part.word == GangWord::kOver) Say(&part, GangWord::kOver);
  }
}

}  // namespace cram
