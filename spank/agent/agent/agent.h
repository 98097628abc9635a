// The agent proper: everything wired to one loop, from start to exit status.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "spank/agent/agent/node.h"
#include "spank/agent/agent/oom_score.h"
#include "spank/agent/agent/records.h"
#include "spank/agent/agent/role.h"
#include "spank/agent/agent/run.h"
#include "spank/agent/agent/steering.h"
#include "spank/agent/caps/caps.h"
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

// Where the run's files are.
RunDirectory RunDirectoryOf(const AgentOptions& options, const Step& step);

class Agent : public Node::Listener {
 public:
  // Nothing runs yet when this fails.
  static absl::StatusOr<std::unique_ptr<Agent>> Create(
      AgentOptions options, Step step, const Premises& premises);
  ~Agent() override;

  // Until the run is over. Returns the exit status.
  int Work();

 private:
  Agent() = default;

  absl::Status FindView();
  absl::StatusOr<std::unique_ptr<ManifestReader>> OpenManifest(
      const std::string& path) const;
  absl::Status TakeManifest();
  absl::Status MakeRunDirectory();
  absl::Status OpenRecords(const Slots& slots);
  absl::Status CatchSignals();
  void ChooseCaps(const Premises& premises);
  void FindOomScore(int file);
  absl::Status MakeNode(const Premises& premises);

  void NodeChanged() override;
  bool MayRecord() override;
  void RecordsBlocked(const absl::Status& status) override;
  bool RunsOnGang(const Candidate& candidate) override;
  bool HasOthers() override { return run_.step.nodes > 1; }
  void RunElsewhere(const cram::Work& work) override {
    role_->family()->RunElsewhere(work);
  }
  void RanFor(uint32_t failed_on, uint64_t place, bool completed) override;
  void NodeBenched(const cram::Work& work) override {
    role_->family()->NodeBenched(work);
  }
  void HandleSignals();
  void Tick();
  void TakeAdded(const wire::Added& added);
  void LookForGrown();
  void UpdateSoon(absl::Duration delay);
  void WatchJobEnd();
  void AnnounceEnd();
  void LookWhetherLate();

  Run run_;
  std::unique_ptr<Caps> caps_;
  std::unique_ptr<OomScore> oom_score_;  // none: nobody spares us
  std::unique_ptr<NodeCpus> cpus_;
  std::unique_ptr<Environment> environment_;
  std::unique_ptr<Records> records_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<Role> role_;
  std::unique_ptr<Steering> steering_;  // the root's
  uint32_t grown_crc32_ = 0;            // of the manifest that is looked for
  Loop::TimerId grown_timer_ = 0;
  UniqueFd signals_;
  Loop::TimerId update_timer_ = 0;
  bool update_is_soon_ = false;
};

}  // namespace cram
