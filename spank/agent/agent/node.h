// The sub-jobs of one node: starts them as there is room, ends them, and hands
// their ends to Outcomes. Knows nothing of other nodes. What it is given and
// says of sub-jobs are places (share/order.h); attempts and records have
// indexes.
#pragma once

#include <stdint.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "pack/base/clock.h"
#include "pack/base/idle.h"
#include "pack/base/index_set.h"
#include "pack/base/outcome.h"
#include "pack/manifest/reader.h"
#include "spank/agent/agent/candidate_maker.h"
#include "spank/agent/agent/gang_member.h"
#include "spank/agent/agent/outcomes.h"
#include "spank/agent/agent/records.h"
#include "spank/agent/agent/slot.h"
#include "spank/agent/agent/standing_news.h"
#include "spank/agent/share/line.h"
#include "spank/agent/share/order.h"
#include "spank/agent/share/work.h"
#include "spank/agent/slots/slots.h"

namespace cram {

class Node : private Slot::Listener {
 public:
  // Called from the loop. May call back into the Node.
  class Listener : public Outcomes::Listener {
   public:
    // Until when ends may be recorded, and anything be started: in the past
    // when not at present.
    virtual Instant MayRecordBefore() = 0;
    // Records cannot be written, or can again (ok).
    virtual void RecordsBlocked(const absl::Status& status) = 0;
    // It is too wide for the node: whether it is run on several instead, from
    // here. Called from the node, and must not call back.
    virtual bool RunsOnGang(const Candidate& candidate) = 0;
  };

  // All outlive it.
  Node(uint32_t id, SlotResources resources, Slots slots,
       ManifestReader* manifest, const Order* order, Records* records,
       Listener* listener);

  // It has the same and more sub-jobs; the old one is needed no more.
  void SetManifest(ManifestReader* manifest);
  // Sub-jobs to run. Those that the manifest does not have yet wait for it.
  void Add(const Work& work);
  // As Line::TakeBack.
  Work GiveBack(uint64_t count) { return line_.TakeBack(count); }
  // What RunElsewhere handed out: another node has run it; or nobody else can,
  // nor what a benched node had.
  void RanElsewhere(uint64_t place, bool completed);
  void GoOn();
  // Of these, what waits here or is added later is recorded as cancelled
  // without having run, what runs is ended, and nothing is run again. What has
  // ended stays as it is.
  void Cancel(const IndexSet& places);
  void RecordNodeLost(uint64_t place, uint32_t attempt) {
    outcomes_.RecordNodeLost(place, attempt);
  }
  // Sub-jobs on several nodes: parts of them, for whoever leads.
  GangMember& gangs() { return gangs_; }
  // For who leads: one that is to run so, as it is in the manifest; nothing
  // when it was cancelled or cannot be read, which is recorded. Its attempts
  // are recorded here.
  std::optional<Candidate> ReadWide(const Planned& planned);
  void RecordWideStarted(const Candidate& candidate, absl::Time start);
  void SettleWide(Candidate candidate, Ended* ended);
  void SetAside(uint64_t count) { outcomes_.SetAside(count); }

  // Starts nothing more. What runs gets SIGTERM, and SIGKILL after a grace.
  void Stop();

  // The job is to end at `end`: nothing is started any more that may run
  // longer. What that leaves out counts as finished in the state PENDING.
  void MustEndBy(absl::Time end) { maker_.MustEndBy(end); }
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
  // Starts what there is room for. What was added while nothing might be
  // started waits for it: call it now and then.
  void StartMore();
  // Hands what sub-jobs have printed so far to the packed output.
  void HandOnOutput();
  // Looks at those that run: whether their caps hold them, and who is large.
  void LookAtThem();

  // As Outcomes.
  std::array<uint64_t, kStates> finished() const {
    return outcomes_.finished();
  }
  uint64_t unstarted() const { return line_.size(); }
  bool idle() const { return running() == 0 && line_.empty(); }
  // Its own sub-jobs.
  uint32_t running() const { return slots_.running() - gangs_.claims(); }
  uint32_t slots() const { return slots_.slots(); }
  uint32_t cpus() const { return slots_.cpus(); }
  uint64_t budget_bytes() const { return slots_.budget_bytes(); }
  // It starts nothing more.
  bool stopping() const { return stopping_ || outcomes_.benched(); }
  // A black hole, and others run what it had.
  bool benched() const { return outcomes_.benched(); }
  // For now it starts nothing but what failed elsewhere.
  bool doubted() const { return outcomes_.doubted(); }
  // Memory that ended sub-jobs still fill.
  uint64_t left_behind() const { return slots_.left_behind(); }

 private:
  void AttemptStarted(Slot* slot) override;
  void CouldNotStart(Slot* slot, const Slot::Failure& why) override;
  void AttemptEnded(Slot* slot, Ended* ended) override;
  void HubListens(Slot* slot, uint16_t port) override {
    gangs_.HubListens(slot, port);
  }
  void OutputWaits() override { FlushRecords(); }

  bool MayRecord();
  void LookForRoom();
  bool StartFrom(Line::Queue queue);
  std::optional<Slot::Failure> MakeReady(const Planned& next,
                                         std::optional<Candidate>* head);
  void Start(Candidate candidate, SlotClaim claim);
  absl::StatusOr<Slot*> SlotOf(uint32_t number);
  void FlushSoon();
  Idle IdleNow() const;
  void AddPeaks(Standing* standing) const;

  SlotResources resources_;
  Slots slots_;
  CandidateMaker maker_;
  const Order* order_;
  Records* records_;
  Listener* listener_;
  Line line_;
  // The heads of its queues, read, while there is no room for them.
  std::optional<Candidate> again_, new_;
  Outcomes outcomes_;
  GangMember gangs_;
  std::vector<std::unique_ptr<Slot>> slot_table_;  // by number; made once
  bool end_announced_ = false;
  bool stopping_ = false;
  bool starting_ = false;  // StartMore is on the stack
  StandingNews standing_news_;
  Loop::TimerId start_timer_ = 0;
  Loop::TimerId flush_timer_ = 0;
};

}  // namespace cram
