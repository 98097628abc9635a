// The agent of any node but the first.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "pack/base/clock.h"
#include "spank/agent/agent/family.h"
#include "spank/agent/agent/left_alone.h"
#include "spank/agent/agent/parent_link.h"
#include "spank/agent/agent/role.h"

namespace cram {

// Asks above for what its family needs, reports their counts, gives back what
// is recalled. Without the root they finish what they hold.
class MemberRole : public Role,
                   private Family::Above,
                   private ParentLink::Listener {
 public:
  // Both outlive it.
  static absl::StatusOr<std::unique_ptr<MemberRole>> Create(const Run* run,
                                                            Node* node);

  void Update() override;
  void StillHere() override;
  void StopRun(const std::string& reason) override;
  Family* family() override { return family_.get(); }
  bool done() const override { return family_->done(); }
  int Conclude() override;

 private:
  MemberRole(const Run* run, Node* node) : run_(run), node_(node) {}

  void AskParent() override;
  void ReturnToParent(const Work& work) override;
  void RunElsewhere(const Work& work) override;
  void RanFor(const wire::RanFor& ran) override;
  void GangSays(const wire::Message& message) override { link_->Send(message); }
  void NodeLost(const std::string& node_name) override;
  void NodeBenched(const std::string& node_name) override;

  wire::Hello Hello() override;
  void Joined(const wire::Vouch& vouch) override;
  void ParentSays(const wire::Message& message) override;
  void Broke(const absl::Status& reason) override;
  void Refused(const std::string& reason) override;
  void RootIsDead() override;

  void Vouched(const wire::Vouch& vouch);
  void Report();
  void LookForEnd();
  void ReportWhenDue();
  void CheckLease();
  [[noreturn]] void Abandon(const std::string& reason);

  const Run* run_;
  Node* node_;
  std::unique_ptr<Family> family_;
  std::unique_ptr<ParentLink> link_;
  Progress reported_;
  Instant reported_at_;
  std::optional<LeftAlone> left_alone_;  // since the root died
  std::string stop_reason_;  // of this agent alone; empty: it goes on
};

}  // namespace cram
