// A node's parts of sub-jobs that run on several nodes: keeps room for them,
// starts them in its slots, says what becomes of them.
#pragma once

#include <stdint.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "spank/agent/agent/candidate_maker.h"
#include "spank/agent/agent/slot.h"
#include "spank/agent/gang/gang.h"
#include "spank/agent/slots/slots.h"
#include "spank/wire/wire.pb.h"

namespace cram {

// Does as it is ordered (see GangOrder) and records nothing: that is done by
// who leads. The node calls what it hears of a slot that belongs to a part.
class GangMember {
 public:
  // What it has of the node. Everything outlives it.
  struct Means {
    uint32_t node_id = 0;
    Loop* loop = nullptr;
    Slots* slots = nullptr;
    CandidateMaker* maker = nullptr;
    std::function<absl::StatusOr<Slot*>(uint32_t number)> slot_of;
    // There is room for others again, or less work to be done.
    std::function<void()> changed;
  };
  explicit GangMember(Means means) : means_(std::move(means)) {}
  ~GangMember() { means_.loop->Cancel(timer_); }

  // Where words go.
  void SetVoice(std::function<void(const wire::GangWord&)> say) {
    say_ = std::move(say);
  }
  void Heed(const wire::GangOrder& order);
  // Nothing is started here any more; what runs is ended by the node.
  void Stop();
  // Who leads is gone: nobody wants any of it, and its room is for others.
  void LeaderIsGone();

  // Takes room for parts that wait for it: before anything else does.
  void TakeRoom();
  // One does; room is being kept.
  bool waits() const;
  // Slots in use that are not for sub-jobs of the node's own.
  uint32_t claims() const;

  bool Owns(const Slot* slot) const { return Find(slot) != nullptr; }
  void Started(Slot* slot);
  void HubListens(Slot* slot, uint16_t port);
  void CouldNotStart(Slot* slot, const Slot::Failure& why);
  // Takes `ended`.
  void AttemptEnded(Slot* slot, Ended* ended);

 private:
  struct Part {
    wire::GangOrder order;  // that made it
    size_t place = 0;       // of this node in order.parts
    std::optional<SlotClaim> claim;
    Slot* slot = nullptr;  // while it runs
    Candidate candidate;
    GangWord word = GangWord::kWaits;
    wire::GangWord said;  // what goes with it
  };

  void Reserve(const wire::GangOrder& order);
  void Start(Part* part, const wire::GangOrder& order);
  void End(Part* part, EndReason reason);
  void Fail(Part* part, const std::string& step, int error);
  void EndAll();
  void ForgetIfAlone();
  void Forget(uint64_t gang);
  void Say(Part* part, GangWord word);
  void SayUnknown(uint64_t gang, bool leaves);
  void Repeat();
  Part* Find(const Slot* slot);
  const Part* Find(const Slot* slot) const {
    return const_cast<GangMember*>(this)->Find(slot);
  }

  Means means_;
  std::function<void(const wire::GangWord&)> say_;
  std::map<uint64_t, Part> parts_;  // by gang
  bool stopping_ = false, leader_gone_ = false;
  Loop::TimerId timer_ = 0;
};

}  // namespace cram
