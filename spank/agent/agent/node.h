// The sub-jobs of one node: starts them as there is room, ends them, records
// them. Knows nothing of other nodes.
#pragma once

#include <stdint.h>
#include <sys/resource.h>

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "pack/base/index_set.h"
#include "pack/base/outcome.h"
#include "pack/base/run_options.h"
#include "pack/journal/journal_writer.h"
#include "pack/journal/output_writer.h"
#include "pack/manifest/reader.h"
#include "spank/agent/agent/verdict.h"
#include "spank/agent/caps/caps.h"
#include "spank/agent/loop/loop.h"
#include "spank/agent/output/collector.h"
#include "spank/agent/runner/spawn.h"
#include "spank/agent/slots/slots.h"
#include "spank/agent/truth/cpus.h"
#include "spank/agent/truth/environment.h"

namespace cram {

// What a Node works with. Everything outlives it.
struct NodeResources {
  Loop* loop = nullptr;
  ManifestReader* manifest = nullptr;
  const RunOptions* options = nullptr;
  const NodeCpus* cpus = nullptr;
  Caps* caps = nullptr;
  Environment* environment = nullptr;
  JournalWriter* journal = nullptr;
  OutputWriter* output = nullptr;
  std::string temporary_directory;  // each attempt gets one below it
  bool protected_from_oom = false;  // we are, our sub-jobs shall not be
  bool signals_reach_all = false;   // Slurm signals every process of a step
};

class Node {
 public:
  // Called from the loop. May call back into the Node.
  class Listener {
   public:
    virtual ~Listener() = default;
    // Fewer sub-jobs are waiting than there are slots, or none runs any more,
    // or one did not complete: something that others may act on.
    virtual void NodeChanged() = 0;
    // Records cannot be written, or can again (ok).
    virtual void RecordsBlocked(const absl::Status& status) = 0;
  };

  Node(NodeResources resources, Slots slots, Listener* listener);
  ~Node();

  // Sub-jobs to run, in ascending order, behind those that wait already.
  void Add(const IndexSet& indexes);
  // Up to `count` that have not started, the last ones first.
  IndexSet GiveBack(uint64_t count);
  // Starts nothing more. What runs gets SIGTERM, and SIGKILL after a grace.
  void Stop();

  // Hands records and output to the kernel. While there is no room for them
  // (false) nothing is started and no output is read, so that sub-jobs wait
  // for room as well; call it again now and then.
  bool FlushRecords();

  // After SIGCHLD.
  void Reap();
  // Hands what sub-jobs have printed so far to the packed output.
  void HandOnOutput();

  const std::array<uint64_t, kStates>& finished() const { return finished_; }
  uint64_t unstarted() const;
  uint32_t running() const { return slots_.running(); }
  uint32_t slots() const { return slots_.slots(); }
  bool stopping() const { return stopping_; }

 private:
  // One that waits for room: read from the manifest, and what it needs.
  struct Candidate {
    SubJob subjob;
    uint32_t attempt = 0;
    uint32_t cpus = 1;
    uint64_t cap_bytes = 0;
  };
  struct Slot;

  void StartMore();
  bool NextCandidate();
  void Start(Candidate candidate, SlotClaim claim);
  SpawnResult Launch(Slot* slot);
  absl::StatusOr<Slot*> SlotFor(uint32_t number);
  void WatchSlot(Slot* slot);
  void ReadOutput(Slot* slot, OutputStream stream);
  void ArmTimers(Slot* slot);

  void CheckCap(Slot* slot);
  void TimeOut(Slot* slot);
  void Terminate(Slot* slot);
  void LeaderEnded(Slot* slot, int wait_status, const rusage& usage);
  void Finish(Slot* slot, absl::Duration patience);
  void Record(Slot* slot);
  void RecordNotStarted(const Candidate& candidate, const std::string& step,
                        int error);
  void Settle(uint64_t index, uint32_t attempt, Cause cause, bool retry);
  bool WillRetry(uint32_t attempt, Cause cause) const;

  NodeResources r_;
  Slots slots_;
  Listener* listener_;
  IndexSet waiting_;
  std::deque<std::pair<uint64_t, uint32_t>> retries_;  // index, attempt
  std::optional<Candidate> next_;  // the head of the line, without room now
  std::vector<std::unique_ptr<Slot>> slot_table_;
  std::array<uint64_t, kStates> finished_ = {};
  bool stopping_ = false;
  bool paused_ = false;
  bool starting_ = false;  // StartMore is on the stack
};

}  // namespace cram
