// The agent of any node but the first.
#pragma once

#include <memory>
#include <string>

#include "spank/agent/agent/member_link.h"
#include "spank/agent/agent/node.h"
#include "spank/agent/agent/role.h"
#include "spank/agent/agent/run.h"

namespace cram {

// Runs its share, reports, asks for more, gives back what is recalled. Without
// the root it finishes what it holds and says so.
class MemberRole : public Role, private MemberLink::Listener {
 public:
  // Both outlive it.
  MemberRole(const Run* run, Node* node);

  void Update() override;
  void StillHere() override;
  void StopRun(const std::string& reason) override;
  void Cancel(const IndexSet& indexes) override;
  bool done() const override;
  int Conclude() override;

 private:
  void Joined() override;
  void RootSays(const wire::Message& message) override;
  void RootLost(const absl::Status& reason) override;

  void Report();
  void LookForEnd();
  void GiveBack(uint64_t count);

  const Run* run_;
  Node* node_;
  MemberLink link_;
  bool asked_ = false;
  bool finished_ = false;  // the root said so
  bool root_lost_ = false;
};

}  // namespace cram
