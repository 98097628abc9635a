// The agent proper: everything wired to one loop, from start to exit status.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "pack/base/clock.h"
#include "spank/agent/agent/equipment.h"
#include "spank/agent/agent/node.h"
#include "spank/agent/agent/records.h"
#include "spank/agent/agent/role.h"
#include "spank/agent/agent/run.h"
#include "spank/agent/agent/run_manifest.h"
#include "spank/agent/agent/steering.h"

namespace cram {

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
  absl::Status TakeManifest();
  absl::Status TakeRequests();
  absl::Status OpenRecords(const Slots& slots);
  absl::Status CatchSignals();
  absl::Status MakeNode(const Premises& premises);

  void NodeChanged() override;
  Instant MayRecordBefore() override;
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
  void UpdateSoon(absl::Duration delay);
  void WatchJobEnd();
  void AnnounceEnd();
  void LookWhetherLate();

  Run run_;
  GrowingManifest growing_manifest_{
      &run_, [this] { node_->SetManifest(run_.manifest.get()); }};
  std::unique_ptr<Equipment> equipment_;
  std::unique_ptr<Records> records_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<Role> role_;
  std::unique_ptr<Steering> steering_;  // the root's
  UniqueFd signals_;
  Loop::TimerId update_timer_ = 0;
  bool update_is_soon_ = false;
};

}  // namespace cram
