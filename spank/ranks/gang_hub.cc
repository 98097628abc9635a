#include "spank/ranks/gang_hub.h"

#include <signal.h>

#include <algorithm>
#include <utility>

namespace cram {

void GangHub::ToAll(GangMessage message) {
  for (uint32_t part = 0; part < parts_.size(); ++part) {
    if (!parts_[part].joined || parts_[part].gone) continue;
    message.to = part;
    host_->Send(part, message);
  }
}

void GangHub::Joined(uint32_t part) {
  if (part >= parts_.size() || parts_[part].joined || parts_[part].gone) return;
  parts_[part].joined = true;
  GangMessage message;
  if (ended_) {
    // It was late, and learns what the others know.
    message.kind = GangMessage::Kind::kEnd;
    message.number = rank_.value_or(0);
    message.exit = status_;
    message.to = part;
    host_->Send(part, message);
  }
  if (++joined_ < parts_.size() || ended_) return;
  message.kind = GangMessage::Kind::kGo;
  ToAll(message);
}

void GangHub::Receive(uint32_t part, GangMessage message) {
  if (part >= parts_.size() || parts_[part].gone) return;
  message.from = part;
  switch (message.kind) {
    case GangMessage::Kind::kGather:
      Gather(part, std::move(message));
      break;
    case GangMessage::Kind::kFailed:
      End(message.number, message.exit);
      break;
    case GangMessage::Kind::kDone:
      if (!ended_ && status_.success() && !message.exit.success()) {
        status_ = message.exit;
        rank_ = message.number;
      }
      if (!ended_ && joined_ < parts_.size()) DoNotWaitForTheAbsent();
      Leave(part);
      break;
    case GangMessage::Kind::kFetch:
    case GangMessage::Kind::kFetched: {
      uint32_t to = message.to;
      if (to < parts_.size() && parts_[to].joined && !parts_[to].gone) {
        host_->Send(to, message);
      } else if (message.kind == GangMessage::Kind::kFetch) {
        message.kind = GangMessage::Kind::kFetched;
        message.failed = true;
        std::swap(message.from, message.to);
        host_->Send(part, message);
      }
      break;
    }
    case GangMessage::Kind::kName:
      AnswerName(part, message);
      break;
    case GangMessage::Kind::kSignal:
      Signal(message.number);
      break;
    default:
      break;  // nothing that a part has to say
  }
}

// Those of one key are complete when all that are to give have given; the key
// may be used again then.
void GangHub::Gather(uint32_t part, GangMessage message) {
  Gathering& gathering = gatherings_[message.key];
  if (gathering.given.empty()) gathering.parts = message.parts;
  gathering.given[part] = std::move(message.data);
  GangMessage all;
  all.kind = GangMessage::Kind::kGathered;
  all.key = message.key;
  for (uint32_t needed : gathering.parts) {
    auto given = gathering.given.find(needed);
    if (given == gathering.given.end()) return;
    all.data += given->second;
  }
  std::vector<uint32_t> to = std::move(gathering.parts);
  gatherings_.erase(message.key);
  for (uint32_t one : to) {
    if (one >= parts_.size() || parts_[one].gone) continue;
    all.to = one;
    host_->Send(one, all);
  }
}

void GangHub::AnswerName(uint32_t part, const GangMessage& message) {
  NameAnswer found =
      names_.Answer({static_cast<NameRequest::Kind>(message.number),
                     message.text, message.data});
  GangMessage answer;
  answer.kind = GangMessage::Kind::kFetched;
  answer.to = part;
  answer.key = message.key;
  answer.failed = !found;
  answer.data = found.value_or("");
  host_->Send(part, answer);
}

void GangHub::End(uint32_t rank, const ExitStatus& exit) {
  if (ended_) return;
  ended_ = true;
  status_ = exit;
  rank_ = rank;
  GangMessage message;
  message.kind = GangMessage::Kind::kEnd;
  message.number = rank;
  message.exit = exit;
  ToAll(message);
}

void GangHub::Signal(uint32_t number) {
  if (number == SIGTERM && std::exchange(told_to_end_, true)) return;
  GangMessage message;
  message.kind = GangMessage::Kind::kSignal;
  message.number = number;
  ToAll(message);
}

void GangHub::Lost(uint32_t part) {
  if (part >= parts_.size() || parts_[part].gone) return;
  Leave(part);
  if (ended_) return;
  lost_ = part;
  ended_ = true;
  status_.code = 1;
  GangMessage message;
  message.kind = GangMessage::Kind::kEnd;
  message.failed = true;
  message.exit = status_;
  ToAll(message);
}

void GangHub::Leave(uint32_t part) {
  parts_[part].gone = true;
  if (++gone_ == parts_.size()) host_->WorldIsOver();
}

void GangHub::DoNotWaitForTheAbsent() {
  for (uint32_t part = 0; part < parts_.size(); ++part) {
    if (!parts_[part].joined && !parts_[part].gone) Leave(part);
  }
}

}  // namespace cram
