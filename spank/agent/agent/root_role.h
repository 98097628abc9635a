// The agent of node 0: it gives out the work, counts, and concludes.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "spank/agent/agent/node.h"
#include "spank/agent/agent/progress_line.h"
#include "spank/agent/agent/role.h"
#include "spank/agent/agent/root_server.h"
#include "spank/agent/agent/run.h"
#include "spank/agent/share/root_pool.h"

namespace cram {

class RootRole : public Role, private Members, private RootServer::Listener {
 public:
  // All outlive it.
  static absl::StatusOr<std::unique_ptr<RootRole>> Create(const Run* run,
                                                          Node* node);

  void Update() override;
  void StopRun(const std::string& reason) override;
  void Cancel(const IndexSet& indexes) override;
  bool done() const override;
  int Conclude() override;

 private:
  RootRole(const Run* run, Node* node);

  void Grant(uint32_t node, const IndexSet& indexes) override;
  void Recall(uint32_t node, uint64_t count) override;
  void Finish(uint32_t node) override;
  void MemberJoined(uint32_t node, const wire::Hello& hello) override;
  void MemberSays(uint32_t node, const wire::Message& message) override;
  void MemberLost(uint32_t node, const absl::Status& reason) override;

  void CheckFailures();
  void GiveUpAbsent();
  std::string NodeName(uint32_t node) const;

  const Run* run_;
  Node* node_;
  RootPool pool_;
  std::unique_ptr<RootServer> server_;  // none for a run of one node
  ProgressLine progress_;
  std::map<uint32_t, std::string> names_;
  std::vector<std::string> lost_;
  uint32_t slots_;  // of all nodes heard of
  bool asked_ = false;
  bool left_ = false;  // our own node was told to finish
  absl::Time left_at_;
  std::string stop_reason_;
  IndexSet cancelled_;
};

}  // namespace cram
