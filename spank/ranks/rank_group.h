// The ranks of one sub-job on this node: started together, and ended together.
#pragma once

#include <sched.h>
#include <stdint.h>
#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pack/base/exit_status.h"
#include "pack/base/fd.h"
#include "pack/base/mpi_settings.h"
#include "spank/agent/loop/loop.h"
#include "spank/ranks/gang_link.h"
#include "spank/ranks/gang_place.h"
#include "spank/ranks/process_manager.h"
#include "spank/ranks/report.h"

namespace cram {

struct RankRequest {
  GangPlace place;  // of these ranks in their world
  std::vector<std::string> argv;
  // Rank 0 has our standard output and error. The others have them as well, or
  // nothing, or files of their own: STEM.RANK.out and STEM.RANK.err.
  enum class Output { kShared, kRank0, kFiles };
  Output output = Output::kShared;
  std::string output_stem;
  // When shared: a descriptor for each rank here; none: ours.
  std::vector<int> stdout_fds, stderr_fds;
  std::string shared_memory;  // a directory in memory; empty: none of our own
  std::vector<MpiSetting> settings;  // suggested to the ranks
  // Whether the program was linked with MPI: ranks that each believe to be
  // alone would do the same work, and spoil each other's files. It may read
  // programs: called at most once, for a rank that has not asked for its world.
  std::function<bool()> is_linked_with_mpi = [] { return false; };
  // Told when those of this node run, in their order.
  std::function<void(const std::vector<pid_t>&)> started =
      [](const std::vector<pid_t>&) {};
};

// In a world of MPI, what ends one rank before its time ends all: MPI_Abort, a
// signal, an exit code, an end between MPI_Init and MPI_Finalize. Without MPI
// each runs to its own end, as the tasks of a step do. Of a world of several
// nodes it starts its ranks when all nodes are there, and returns when all have
// ended.
class RankGroup : private ProcessManager::Listener, private GangLink::Listener {
 public:
  // Both outlive it. Signals are the loop's from now on: call it before there
  // are threads, which might get them instead.
  static absl::StatusOr<std::unique_ptr<RankGroup>> Create(
      Loop* loop, const RankRequest* request);
  ~RankGroup() override;

  // Before Run(). With several nodes: finds the way to the others; at the hub
  // `port` is where they come.
  absl::Status Join(uint16_t* port);
  // None: all is here.
  GangLink* elsewhere() { return elsewhere_.get(); }
  // A manager's listener is the group.
  ProcessManager::Listener* listener() { return this; }
  void Use(std::unique_ptr<ProcessManager> manager);

  // Starts all ranks and returns when all have ended. A first rank that cannot
  // be started is reported as such.
  ExitStatus Run();

  const RankReport& report() const { return report_; }
  // Of the ranks here: whether one has asked for its world.
  bool AnybodyGreeted() const;

 private:
  struct Rank {
    pid_t pid = 0;  // 0: not started, or reaped
  };

  RankGroup(Loop* loop, const RankRequest* request);

  void Aborted(uint32_t rank, int exit_code) override;
  void Broke(uint32_t rank, const std::string& why) override;

  void Go() override;
  void EndedElsewhere(std::optional<uint32_t> rank,
                      const ExitStatus& exit) override;
  void SignalFromHub(int signal) override;
  void MayLeave() override;

  absl::Status CatchSignals();
  void HandleSignals();
  void Heed(int signal);
  void LeaveWhenDone();
  bool Start(uint32_t rank);
  bool OpenOutput(uint32_t rank, UniqueFd* out, UniqueFd* err);
  void Pin(uint32_t rank) const;
  void Reap();
  void Ended(uint32_t rank, const ExitStatus& exit);
  bool MissedItsWorld(uint32_t rank);
  // The world ends with this status, whatever comes after; the first counts.
  void End(uint32_t rank, const ExitStatus& exit, const std::string& why);
  void EndAll();
  void SignalAll(int signal);
  Rank& At(uint32_t rank) {
    return ranks_[rank - request_->place.first_rank()];
  }
  void CouldNotStart(uint32_t rank, const std::string& step, int error);

  Loop* loop_;
  const RankRequest* request_;
  std::unique_ptr<GangLink> elsewhere_;
  std::vector<std::unique_ptr<ProcessManager>> managers_;
  std::vector<Rank> ranks_;
  uint32_t running_ = 0;
  bool ending_ = false;
  bool told_to_end_ = false;  // from outside
  std::optional<bool> is_linked_with_mpi_;
  ExitStatus status_;
  RankReport report_;
  cpu_set_t cpus_ = {};
  UniqueFd signals_, null_;
};

}  // namespace cram
