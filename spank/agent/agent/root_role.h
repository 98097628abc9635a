// The agent of node 0: what it is not asked for by its family is the end of the
// run, and it concludes.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "spank/agent/agent/family.h"
#include "spank/agent/agent/progress_line.h"
#include "spank/agent/agent/release.h"
#include "spank/agent/agent/role.h"

namespace cram {

class RootRole : public Role, private Family::Above {
 public:
  // All outlive it.
  static absl::StatusOr<std::unique_ptr<RootRole>> Create(const Run* run,
                                                          Node* node);

  void Update() override;
  void StopRun(const std::string& reason) override;
  Family* family() override { return family_.get(); }
  bool done() const override { return family_->done(); }
  int Conclude() override;

 private:
  explicit RootRole(const Run* run);

  void AskParent() override {}
  void ReturnToParent(const Work&) override {}
  void RunElsewhere(const Work&) override {}
  void RanFor(const wire::RanFor&) override {}  // it is lost
  void GangSays(const wire::Message& message) override;
  void NodeLost(const std::string& node_name) override {
    lost_.insert(node_name);
  }
  void NodeBenched(const std::string& node_name) override;

  void CheckFailures();
  void WriteRemainder();

  const Run* run_;
  std::unique_ptr<Family> family_;
  std::unique_ptr<Release> release_;  // none: not asked for
  ProgressLine progress_;
  std::set<std::string> lost_, benched_;
  uint32_t slots_ = 0;  // the most there ever were
  std::string stop_reason_;
};

}  // namespace cram
