// The ranks of one sub-job: started together, and ended together.
#pragma once

#include <sched.h>
#include <stdint.h>
#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pack/base/exit_status.h"
#include "pack/base/fd.h"
#include "spank/agent/loop/loop.h"
#include "spank/ranks/process_manager.h"
#include "spank/ranks/report.h"

namespace cram {

struct RankRequest {
  uint32_t ranks = 1;
  std::vector<std::string> argv;
  // Rank 0 has our standard output and error. The others have them as well, or
  // nothing, or files of their own: STEM.RANK.out and STEM.RANK.err.
  enum class Output { kShared, kRank0, kFiles };
  Output output = Output::kShared;
  std::string output_stem;
  std::string shared_memory;  // a directory in memory; empty: none of our own
};

// In a world of MPI, what ends one rank before its time ends all: MPI_Abort, a
// signal, an exit code, an end between MPI_Init and MPI_Finalize. Without MPI
// each runs to its own end, as the tasks of a step do.
class RankGroup : private ProcessManager::Listener {
 public:
  // Both outlive it. Signals are the loop's from now on: call it before there
  // are threads, which might get them instead.
  static absl::StatusOr<std::unique_ptr<RankGroup>> Create(
      Loop* loop, const RankRequest* request);
  ~RankGroup() override;

  // Before Run(). A manager's listener is the group.
  ProcessManager::Listener* listener() { return this; }
  void Use(std::unique_ptr<ProcessManager> manager);

  // Starts all ranks and returns when all have ended. A first rank that cannot
  // be started is reported as such.
  ExitStatus Run();

  const RankReport& report() const { return report_; }

 private:
  struct Rank {
    pid_t pid = 0;  // 0: not started, or reaped
  };

  RankGroup(Loop* loop, const RankRequest* request);

  void Aborted(uint32_t rank, int exit_code) override;
  void Broke(uint32_t rank, const std::string& why) override;

  absl::Status CatchSignals();
  void HandleSignals();
  bool Start(uint32_t rank);
  bool OpenOutput(uint32_t rank, UniqueFd* out, UniqueFd* err);
  void Pin(uint32_t rank) const;
  void Reap();
  void Ended(uint32_t rank, const ExitStatus& exit);
  // The world ends with this status, whatever comes after; the first counts.
  void End(uint32_t rank, const ExitStatus& exit, const std::string& why);
  void SignalAll(int signal);
  void CouldNotStart(uint32_t rank, const std::string& step, int error);

  Loop* loop_;
  const RankRequest* request_;
  std::vector<std::unique_ptr<ProcessManager>> managers_;
  std::vector<Rank> ranks_;
  uint32_t running_ = 0;
  bool ending_ = false;
  bool told_to_end_ = false;  // from outside
  ExitStatus status_;
  RankReport report_;
  cpu_set_t cpus_ = {};
  UniqueFd signals_, null_;
};

}  // namespace cram
