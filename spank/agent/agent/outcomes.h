// What becomes of a node's sub-jobs when their attempts have ended.
#pragma once

#include <stdint.h>

#include <array>
#include <functional>
#include <optional>

#include "pack/base/outcome.h"
#include "pack/journal/journal.pb.h"
#include "spank/agent/agent/attempt.h"
#include "spank/agent/agent/breaker.h"
#include "spank/agent/agent/candidate_maker.h"
#include "spank/agent/agent/records.h"
#include "spank/agent/agent/slot.h"
#include "spank/agent/loop/loop.h"
#include "spank/agent/share/line.h"
#include "spank/agent/share/order.h"
#include "spank/agent/share/work.h"

namespace cram {

// An end is recorded; then the sub-job is over and counted, or it is tried
// again: here, and so back in line, or elsewhere. Of those that fail here one
// after the other the breaker learns, and others are asked whether it is the
// node. Starts nothing, and knows no slot.
class Outcomes {
 public:
  // Those around the node. Called from the loop, and may call back into the
  // node.
  class Listener {
   public:
    virtual ~Listener() = default;
    // Fewer sub-jobs are waiting than there are slots, or none runs any more,
    // or one did not complete: something that others may act on.
    virtual void NodeChanged() = 0;
    // Whether there are other nodes.
    virtual bool HasOthers() = 0;
    // These failed here, perhaps because of the node: others should run them.
    virtual void RunElsewhere(const Work& work) = 0;
    // One that failed on another node (Tried::failed_on) was run here.
    virtual void RanFor(uint32_t failed_on, uint64_t place, bool completed) = 0;
    // The node is a black hole: it runs nothing more, and has nothing but these
    // for others to run.
    virtual void NodeBenched(const Work& work) = 0;
  };

  // What it has of the node. Everything outlives it.
  struct Means {
    uint32_t node_id = 0;
    Loop* loop = nullptr;
    const Order* order = nullptr;
    Line* line = nullptr;
    CandidateMaker* maker = nullptr;
    Records* records = nullptr;
    Listener* listener = nullptr;
    // Called from the loop: there is more to be started.
    std::function<void()> start_more;
  };
  explicit Outcomes(Means means) : means_(std::move(means)) {}

  // Of an attempt that ended. Takes `ended`, which is complete but for
  // will_retry.
  void Settle(const Candidate& candidate, Ended* ended);
  // Of one on several nodes. What lost a node is tried again here, as often as
  // when a node's own are lost.
  void SettleWide(Candidate candidate, Ended* ended);
  // It could not be.
  void NotStarted(const Candidate& candidate, const Slot::Failure& why);
  // Those that the line has as cancelled are recorded as such, soon.
  void RecordCancelled();
  // So many will not be started in time: they count as finished in the state
  // PENDING, without a record.
  void SetAside(uint64_t count);
  // Records that an attempt which ran on a node that was lost is the last one.
  void RecordNodeLost(uint64_t place, uint32_t attempt);
  // Nothing is tried again any more.
  void NoneAgain() { none_again_ = true; }

  // As Node's.
  void RanElsewhere(uint64_t place, bool completed);
  void GoOn() { breaker_.GoOn(); }
  bool benched() const { return breaker_.benched(); }
  bool doubted() const { return breaker_.open(); }

  // By state, without those that others may yet be told to run.
  std::array<uint64_t, kStates> finished() const;
  bool has_set_aside() const {
    return finished_[static_cast<size_t>(State::kPending)] != 0;
  }

 private:
  void TryLater(const Planned& planned);
  void TakeThoseDue();
  void HeedBreaker(const Tried& tried, const Ended& ended);
  Work Withdraw(Work failed);

  Means means_;
  Breaker breaker_;
  std::array<uint64_t, kStates> finished_ = {};
  bool none_again_ = false;
  Loop::TimerId later_timer_ = 0;
  Loop::TimerId cancel_timer_ = 0;
  Loop::TimerId trial_timer_ = 0;
};

}  // namespace cram
