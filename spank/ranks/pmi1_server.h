// Pmi1 over a socket to each rank.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pack/base/fd.h"
#include "spank/agent/loop/loop.h"
#include "spank/ranks/gang_link.h"
#include "spank/ranks/pmi1.h"
#include "spank/ranks/process_manager.h"

namespace cram {

class Pmi1Server : public ProcessManager, private Pmi1::Host {
 public:
  // All outlive it. `name` is unique among the worlds of this node.
  // `elsewhere`: the rest of the world; none: all of it is here.
  Pmi1Server(Loop* loop, const std::string& name, const GangPlace& place,
             GangLink* elsewhere, Listener* listener);
  ~Pmi1Server() override;

  absl::Status Prepare(uint32_t rank, RankEnvironment* environment) override;
  void Started(uint32_t rank) override;
  bool Inside(uint32_t rank) override;
  bool Greeted(uint32_t rank) override {
    return engine_.greeted(rank - first_);
  }

 private:
  // Of the engine, which knows ranks by their places on this node.
  void Send(uint32_t place, absl::string_view bytes) override;
  void BarrierReached() override;
  void AskForName(uint32_t place, const NameRequest& request) override;
  void Aborted(uint32_t place, int exit_code) override;
  void Broke(uint32_t place, const std::string& why) override;

  void Read(uint32_t place);

  Loop* loop_;
  uint32_t ranks_, first_;
  std::vector<uint32_t> parts_;  // of the world: all
  GangLink* elsewhere_;
  Listener* listener_;
  Pmi1 engine_;
  Names names_;  // of a world that is all here
  std::vector<UniqueFd> ours_, theirs_;
};

}  // namespace cram
