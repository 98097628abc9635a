// The sub-jobs of one node: starts them as there is room, ends them, records
// them. Knows nothing of other nodes.
#pragma once

#include <stdint.h>

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "pack/base/idle.h"
#include "pack/base/index_set.h"
#include "pack/base/outcome.h"
#include "pack/journal/journal_writer.h"
#include "pack/manifest/reader.h"
#include "spank/agent/agent/cap_rule.h"
#include "spank/agent/agent/retry.h"
#include "spank/agent/agent/slot.h"
#include "spank/agent/share/work.h"
#include "spank/agent/slots/run_times.h"
#include "spank/agent/slots/slots.h"

namespace cram {

class Node : private Slot::Listener {
 public:
  // Called from the loop. May call back into the Node.
  class Listener {
   public:
    virtual ~Listener() = default;
    // Fewer sub-jobs are waiting than there are slots, or none runs any more,
    // or one did not complete: something that others may act on.
    virtual void NodeChanged() = 0;
    // Whether ends may be recorded at present, and anything be started.
    virtual bool MayRecord() = 0;
    // Records cannot be written, or can again (ok).
    virtual void RecordsBlocked(const absl::Status& status) = 0;
  };

  // All outlive it.
  Node(SlotResources resources, Slots slots, ManifestReader* manifest,
       JournalWriter* journal, Listener* listener);

  // Sub-jobs to run. Those that wait are started in ascending order.
  void Add(const Work& work);
  // Up to `count` that have not started, the last ones first, and then those
  // that wait to be run again.
  Work GiveBack(uint64_t count);
  // Of these, what waits here or is added later is recorded as cancelled
  // without having run, what runs is ended, and nothing is run again. What has
  // ended stays as it is.
  void Cancel(const IndexSet& indexes);
  // Records that an attempt which ran on a node that was lost is the last one.
  void RecordNodeLost(uint64_t index, uint32_t attempt);
  // Starts nothing more. What runs gets SIGTERM, and SIGKILL after a grace.
  void Stop();

  // The job is to end at `end`: nothing is started any more that may run
  // longer. What that leaves out counts as finished in the state PENDING.
  void MustEndBy(absl::Time end) { end_ = end; }
  // That end has come: starts nothing more, and what runs gets `signal`.
  void AnnounceEnd(int signal);

  // Hands records and output to the kernel. While there is no room for them
  // (false) nothing is started and no output is read, so that sub-jobs wait
  // for room as well; call it again now and then.
  bool FlushRecords();

  // Puts into the journal what is not of a sub-job: how many wait, and why
  // slots are idle. Does so when that has changed; call it now and then.
  void RecordStanding();

  // After SIGCHLD.
  void Reap();
  // Hands what sub-jobs have printed so far to the packed output.
  void HandOnOutput();

  const std::array<uint64_t, kStates>& finished() const { return finished_; }
  // What waits for its next attempt's time is not among them: nobody else's
  // slots can use it.
  uint64_t unstarted() const;
  bool idle() const {
    return running() == 0 && unstarted() == 0 && later_.empty();
  }
  uint32_t running() const { return slots_.running(); }
  uint32_t slots() const { return slots_.slots(); }
  bool stopping() const { return stopping_; }
  // Records are not where FlushRecords() brings them, or only slowly so.
  bool records_wait() const { return paused_ || slow_since_.has_value(); }
  // Memory that ended sub-jobs still fill.
  uint64_t left_behind() const { return slots_.left_behind(); }

 private:
  void AttemptStarted(Slot* slot) override;
  void CouldNotStart(Slot* slot, const Slot::Failure& why) override;
  void AttemptEnded(Slot* slot, Ended* ended) override;
  void OutputWaits() override { FlushRecords(); }

  void StartMore();
  bool TooLate(const Candidate& candidate) const;
  void SetAside(uint64_t count);
  void TryLater(const PlannedAttempt& attempt);
  void TakeThoseDue();
  bool StartOne();
  bool StartAgain();
  bool StartNew();
  std::optional<Candidate> Prepare(const PlannedAttempt& attempt);
  absl::StatusOr<Candidate> Read(const PlannedAttempt& attempt);
  bool SlowForLong();
  void CancelRetries();
  void RecordDropped();
  void RecordCancelled(const PlannedAttempt& attempt);
  void LookForRoom();
  Idle IdleNow() const;
  void Start(Candidate candidate, SlotClaim claim);
  absl::StatusOr<Slot*> SlotOf(uint32_t number);
  void RecordNotStarted(const Candidate& candidate, const Slot::Failure& why);
  void Settle(const Candidate& candidate, Ended* ended);

  SlotResources resources_;
  Slots slots_;
  CapRule cap_rule_;
  ManifestReader* manifest_;
  JournalWriter* journal_;
  Listener* listener_;
  IndexSet waiting_;
  std::deque<PlannedAttempt> retries_;
  std::multimap<Loop::Instant, PlannedAttempt> later_;  // by when they are due
  // Cancelled by the user, and those of them that waited and must be recorded.
  IndexSet cancelled_, dropped_;
  // The heads of the two lines, when there is no room for them now.
  std::optional<Candidate> again_, new_;
  std::vector<std::unique_ptr<Slot>> slot_table_;  // by number; made once
  std::array<uint64_t, kStates> finished_ = {};
  absl::Time end_ = absl::InfiniteFuture();
  bool end_announced_ = false;
  RunTimes run_times_;
  bool stopping_ = false;
  bool paused_ = false;
  std::optional<Loop::Instant> slow_since_;  // records are on their way
  bool starting_ = false;                    // StartMore is on the stack
  Standing standing_;                        // as last recorded
  Loop::TimerId start_timer_ = 0;
  Loop::TimerId later_timer_ = 0;
  Loop::TimerId flush_timer_ = 0;
  Loop::TimerId drop_timer_ = 0;
};

}  // namespace cram
