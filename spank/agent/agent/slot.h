// One slot of a node: one attempt after the other, each in the slot's cap.
#pragma once

#include <stdint.h>
#include <sys/resource.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "pack/base/clock.h"
#include "pack/base/run_options.h"
#include "pack/journal/journal.pb.h"
#include "pack/journal/output_writer.h"
#include "spank/agent/agent/attempt.h"
#include "spank/agent/agent/attempt_directory.h"
#include "spank/agent/agent/oom_score.h"
#include "spank/agent/agent/slot_launch.h"
#include "spank/agent/agent/slot_output.h"
#include "spank/agent/agent/slot_ranks.h"
#include "spank/agent/caps/caps.h"
#include "spank/agent/loop/loop.h"
#include "spank/agent/output/streams.h"
#include "spank/agent/slots/slots.h"
#include "spank/agent/truth/cpus.h"
#include "spank/agent/truth/environment.h"

namespace cram {

// What the slots of a node work with. Everything outlives them.
struct SlotResources {
  Loop* loop = nullptr;
  const RunOptions* options = nullptr;
  const NodeCpus* cpus = nullptr;
  Caps* caps = nullptr;
  const Environment* environment = nullptr;  // each slot copies it
  OutputWriter* output = nullptr;            // none: nothing is packed
  std::string rank_program;                  // cram-ranks
  std::string temporary_directory;           // attempts get theirs below it
  std::string shared_memory;       // ranks' is below this; empty: anywhere
  OomScore* oom_score = nullptr;   // none: sub-jobs may have ours
  rlimit open_files = {};          // what sub-jobs may open; we need more
  bool signals_reach_all = false;  // Slurm signals every process of a step
};

class Slot {
 public:
  // What could not be done ("chdir /x"), and the errno, 0 when there is none.
  struct Failure {
    std::string step;
    int error = 0;
  };

  // Of what Start() has begun, either CouldNotStart is called, perhaps before
  // Start() returns, or AttemptStarted and, later, AttemptEnded.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void AttemptStarted(Slot* slot) = 0;
    // The slot is free again and nothing is left behind.
    virtual void CouldNotStart(Slot* slot, const Failure& why) = 0;
    // The slot is free again. `ended` is the attempt's record, complete but
    // for will_retry.
    virtual void AttemptEnded(Slot* slot, Ended* ended) = 0;
    // The first part of a sub-job on several nodes runs, and the others find
    // it at this port.
    virtual void HubListens(Slot* slot, uint16_t port) = 0;
    // A sub-job has printed much since records were last flushed.
    virtual void OutputWaits() = 0;
  };

  static absl::StatusOr<std::unique_ptr<Slot>> Create(
      uint32_t number, const SlotResources* resources, Listener* listener);
  ~Slot();

  // Only while not busy. The claim stays the caller's.
  void Start(Candidate candidate, SlotClaim claim);

  bool busy() const { return busy_; }
  const Attempt& attempt() const { return attempt_; }
  const SlotClaim& claim() const { return claim_; }
  // SlotCap::LeftBehind; only while not busy.
  uint64_t LeftBehind() { return cap_->LeftBehind(); }

  // A process was reaped. False: it is not this slot's.
  bool Reaped(pid_t pid, int wait_status, const rusage& usage);
  // SIGTERM, a grace, SIGKILL.
  void Cancel(EndReason reason);
  // The job ends soon: the sub-job gets `signal`, and as yet nothing else.
  void AnnounceEnd(int signal);

  // Soon after its start: a sub-job that its cap does not hold is ended.
  void CheckThatItIsHeld();
  // Now and then: the same again, and SlotCap::Sample.
  void LookAtIt();
  // Of its attempt so far; 0: not known, or nothing runs.
  uint64_t PeakSoFar();

  // Whether the sub-job's output is read; when not, it waits.
  void ReadOutput(bool on);
  // Hands on what it has printed so far, for readers of the packed output.
  void HandOnOutput();

 private:
  Slot(uint32_t number, const SlotResources* resources, Listener* listener);

  absl::Status Watch();
  void OutputHeard();
  std::optional<Failure> Prepare(Streams* streams);
  void Launch(Streams streams);
  void Launched();
  void LeaderEnded(int wait_status, const rusage& usage);
  uint64_t DataLimitBytes() const;
  void ArmTimers();
  void CancelTimers();
  void CheckCap();
  void LookLater();
  void End(EndReason reason);
  void AskToEnd();
  void KillNow();
  void Finish(absl::Duration patience);
  Collector* collector() {
    return output_ != nullptr ? output_->collector() : nullptr;
  }
  bool HasRanks() const;
  bool IsHub() const;
  // Of a part that is not the first it is the first that ends all.
  bool IsLaterPart() const;
  void Conclude();

  uint32_t number_;
  const SlotResources* r_;
  Listener* listener_;
  std::unique_ptr<SlotCap> cap_;
  std::unique_ptr<SlotOutput> output_;  // none: nothing is packed
  AttemptDirectory directory_;
  SlotRanks ranks_;

  bool busy_ = false;
  Attempt attempt_;
  Beginning start_;
  SlotClaim claim_;
  std::unique_ptr<SlotLaunch> launch_;  // reads what is above
  pid_t leader_ = 0;                    // 0: none, or reaped
  bool is_held_ = false;                // when that was asked last
  Loop::TimerId limit_timer_ = 0, kill_timer_ = 0, look_timer_ = 0;
};

}  // namespace cram
