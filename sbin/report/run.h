// What the journals of a run say, as one table.
#pragma once

#include <stdint.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pack/base/idle.h"
#include "pack/base/outcome.h"
#include "pack/base/run_directory.h"

namespace cram {

// What there is to say of few attempts only.
struct EndDetails {
  std::string failed_step;  // could not start: what was being done, "chdir /x"
  std::string memory_message;  // what its runtime said
  uint32_t victim_pid = 0;     // who was killed for memory; 0: not seen
  std::string victim_command;
  uint64_t victim_bytes = 0;     // 0: not known
  uint64_t major_faults = 0;     // when there were many
  uint64_t stdout_left_out = 0;  // beyond the limit of output
  uint64_t stderr_left_out = 0;
  std::optional<uint32_t> rank;  // whose end was the end of all
  // Of a sub-job on several nodes: each node's part, in the order of ranks.
  struct Part {
    uint32_t node_id = 0;
    uint64_t output_offset = 0;
    uint64_t stdout_bytes = 0;
    uint64_t stderr_bytes = 0;
  };
  std::vector<Part> parts;
};

// One attempt. Compact: a run has millions.
struct Attempt {
  uint64_t index = 0;
  int64_t start_ns = 0;  // since 1970 UTC
  int64_t end_ns = 0;    // 0: no Ended record
  uint64_t user_us = 0;
  uint64_t system_us = 0;
  uint64_t peak_bytes = 0;  // 0: not measured
  uint64_t cap_bytes = 0;
  uint64_t source_index = 0;  // its index in the run that ran it
  uint64_t output_offset = 0;
  uint64_t stdout_bytes = 0;
  uint64_t stderr_bytes = 0;
  uint64_t told = 0;            // see Run::Told
  Attempt* previous = nullptr;  // of the same sub-job
  uint32_t number = 0;
  uint32_t node = 0;  // its place in Run::nodes()
  uint32_t slot = 0;
  uint32_t cpus = 0;
  uint32_t details = 0;  // see Run::Details; 0: there are none
  uint16_t error_number = 0;
  uint8_t exit_code = 0;
  uint8_t signal = 0;
  Cause cause = Cause::kNone;
  bool core_dumped = false;
  bool will_retry = false;
  bool by_user = false;       // it was cancelled alone, not with the run
  bool data_limited = false;  // its processes had an RLIMIT_DATA

  bool ended() const { return end_ns != 0; }
  State state() const {
    return cause == Cause::kNone ? State::kRunning : StateOf(cause);
  }
};

// What one journal says of its node, and its attempts in the order in which
// their first record was written. Of an earlier run that this one goes on with,
// a section of journal.resumed: what was completed there on one of its nodes.
struct NodeRecords {
  uint32_t node_id = 0;      // of the files journal.N and output.N
  std::string earlier;       // the run directory, when it is of an earlier run
  std::string output;        // path of its packed output
  std::string resumed_from;  // the run directory that its run goes on with
  std::string name;
  std::string run_id;
  std::string user;
  std::string caps;   // what enforces caps there
  bool view = false;  // sub-jobs see their cap and CPUs as the machine's
  uint64_t subjobs = 0;
  uint64_t budget_bytes = 0;
  uint32_t slots = 0;
  uint32_t cpus = 0;
  std::vector<std::string> default_command;
  std::vector<std::string> knobs;  // what bits of Attempt::told stand for
  int64_t first_ns = 0;            // the times of its first and last records
  int64_t last_ns = 0;
  // What it last said of itself.
  uint64_t unstarted = 0;
  Idle idle = Idle::kNot;
  uint64_t answered = 0;  // requests before this position of their file
  bool closed = false;
  std::string closed_reason;
  std::vector<Attempt> attempts;
  std::vector<EndDetails> details;
  bool torn = false;  // the last record is cut off: normal while it is written
  std::string warning;  // damage that hides records
};

// All journals of a run directory, read in parallel. A run has ended when its
// summary.json exists or every journal is closed, or abandoned by an agent that
// could not close it (pack/journal/sign_of_life.h). An attempt that has no
// Ended record is RUNNING; it was lost with its node when the run has ended,
// its journal is closed, or a later attempt of the same sub-job exists.
class Run {
 public:
  // Fails when no journal can be read; other trouble becomes warnings().
  static absl::StatusOr<std::unique_ptr<Run>> Load(
      const RunDirectory& directory);

  const RunDirectory& directory() const { return directory_; }
  const std::string& id() const { return id_; }  // "12.0"
  uint64_t subjobs() const { return subjobs_; }
  bool ended() const { return ended_; }
  // Those of earlier runs are behind its own.
  const std::vector<NodeRecords>& nodes() const { return nodes_; }
  size_t own_nodes() const { return own_nodes_; }
  const std::vector<std::string>& warnings() const { return warnings_; }

  // No sub-job from this index on has started.
  uint64_t started_below() const { return last_.size(); }
  // The newest attempt, which leads to the older ones; none: never started.
  const Attempt* Last(uint64_t index) const {
    return index < last_.size() ? last_[index] : nullptr;
  }
  // The state of the last attempt; PENDING when there is none, or when the run
  // goes on and another attempt is due.
  State SubJobState(uint64_t index) const;

  const NodeRecords& NodeOf(const Attempt& attempt) const {
    return nodes_[attempt.node];
  }
  const EndDetails& Details(const Attempt& attempt) const;
  // The names of the nodes that it ran on, with commas between them.
  std::string NodesOf(const Attempt& attempt) const;
  // The variables by which runtimes were told of cap and CPUs, and RLIMIT_DATA
  // where that was set.
  std::vector<absl::string_view> Told(const Attempt& attempt) const;

 private:
  explicit Run(RunDirectory directory) : directory_(std::move(directory)) {}

  void ReadJournals(const std::vector<uint32_t>& node_ids);
  void ReadResumed();
  void FindEnd();
  void Link();
  void NameLostAttempts();

  RunDirectory directory_;
  std::string id_;
  uint64_t subjobs_ = 0;
  bool ended_ = false;
  std::vector<NodeRecords> nodes_;
  size_t own_nodes_ = 0;
  std::vector<std::string> warnings_;
  std::vector<Attempt*> last_;  // by index, up to the highest one seen
};

}  // namespace cram
