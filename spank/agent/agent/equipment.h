// What a node has to run sub-jobs with: CPUs, memory and its caps, what they
// are told.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "spank/agent/agent/oom_score.h"
#include "spank/agent/agent/run.h"
#include "spank/agent/agent/slot.h"
#include "spank/agent/caps/budget.h"
#include "spank/agent/caps/caps.h"
#include "spank/agent/slots/slots.h"
#include "spank/agent/truth/cpus.h"
#include "spank/agent/truth/environment.h"

namespace cram {

// What the keeper made for the agent, and removes after it.
struct Premises {
  std::string temporary_directory;
  std::string shared_memory;      // a directory in memory; empty: none
  std::string cgroup;             // for the caps of slots; empty: there is none
  std::vector<int> cgroup_files;  // as Caps takes them; the agent owns them
  int oom_score_file = -1;        // as OomScore takes it; likewise
};

// Found once, before anything runs, and the same until the end.
class Equipment {
 public:
  // `run` outlives it, and has its directory. Where the kernel does less for us
  // than it could, that is said. Error: sub-jobs cannot be run here.
  static absl::StatusOr<std::unique_ptr<Equipment>> Find(
      const Run* run, const Premises& premises);

  const Budget& budget() const { return budget_; }
  std::string caps() const { return std::string(caps_->name()); }
  Slots MakeSlots() const;
  // For slots that this outlives. `output` as SlotResources has it.
  SlotResources ForSlots(OutputWriter* output) const;

 private:
  explicit Equipment(const Run* run) : run_(run) {}
  void ChooseCaps(const Premises& premises);
  void FindOomScore(int file);

  const Run* run_;
  Budget budget_;
  std::unique_ptr<Caps> caps_;
  std::unique_ptr<OomScore> oom_score_;  // none: nobody spares us
  std::unique_ptr<NodeCpus> cpus_;
  std::unique_ptr<Environment> environment_;
  std::string rank_program_, temporary_directory_, shared_memory_;
  rlimit open_files_ = {};
};

}  // namespace cram
