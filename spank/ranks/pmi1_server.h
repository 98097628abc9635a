// Pmi1 over a socket to each rank.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pack/base/fd.h"
#include "spank/agent/loop/loop.h"
#include "spank/ranks/pmi1.h"
#include "spank/ranks/process_manager.h"

namespace cram {

// Of a world whose ranks are all on this node.
class Pmi1Server : public ProcessManager, private Pmi1::Host {
 public:
  // Both outlive it. `name` is unique among the worlds of this node.
  Pmi1Server(Loop* loop, const std::string& name, uint32_t ranks,
             Listener* listener);
  ~Pmi1Server() override;

  absl::Status Prepare(uint32_t rank, RankEnvironment* environment) override;
  void Started(uint32_t rank) override;
  bool Inside(uint32_t rank) override;

 private:
  void Send(uint32_t rank, absl::string_view bytes) override;
  void BarrierReached() override { engine_.LeaveBarrier(); }
  void Aborted(uint32_t rank, int exit_code) override;
  void Broke(uint32_t rank, const std::string& why) override;

  void Read(uint32_t rank);

  Loop* loop_;
  uint32_t ranks_;
  Listener* listener_;
  Pmi1 engine_;
  std::vector<UniqueFd> ours_, theirs_;
};

}  // namespace cram
