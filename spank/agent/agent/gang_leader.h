// The root's side of gangs: sub-jobs that no node is wide enough for.
#pragma once

#include <stdint.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "pack/base/clock.h"
#include "spank/agent/agent/gang_record.h"
#include "spank/agent/agent/node.h"
#include "spank/agent/agent/run.h"
#include "spank/agent/gang/conductor.h"
#include "spank/wire/wire.pb.h"

namespace cram {

// Tells the conductor what is heard, and the nodes what it wants. Each attempt
// is recorded on the root's own node, whose sub-jobs they are.
class GangLeader : private Conductor::Host {
 public:
  // All outlive it. `order` takes orders to their nodes; nobody calls back
  // from it.
  GangLeader(const Run* run, Node* node,
             std::function<void(const wire::GangOrder&)> order);
  ~GangLeader() override;

  void Hear(const wire::GangNode& node);
  void Hear(const wire::GangWord& word);

  // Removes from `work` what is to be run on gangs, and does that.
  void TakeFrom(Work* work);
  // One that the node found too wide for itself.
  void Add(const Candidate& candidate);
  void Cancel(const IndexSet& indexes);
  // Starts nothing more and ends what runs.
  void Stop();
  // The job is about to end: starts nothing more. How many that leaves out.
  uint64_t SetAside();

  // Which have their nodes, or wait for room there.
  uint32_t running() const { return conductor_.running(); }

 private:
  struct Act {
    GangEnd end;
    std::string secret;
    wire::GangWord hub;  // where it listens
    Beginning start;
    bool began = false;
  };

  void Send(uint32_t node, GangOrder order, const Gang& gang) override;
  void Began(const Gang& gang) override;
  void Ended(const Gang& gang, bool lost) override;
  void CannotRun(const WideSubJob& subjob) override;

  void ReadMore();
  void TakeUp(const Planned& planned);
  void Repeat();
  void TryAgain(uint64_t index);
  Act& ActOf(const Gang& gang);

  const Run* run_;
  Node* node_;
  std::function<void(const wire::GangOrder&)> order_;
  std::map<uint32_t, std::string> names_;
  Conductor conductor_;
  Work unread_;
  std::map<uint64_t, Candidate> candidates_;  // by index
  std::map<uint64_t, Act> acts_;              // by gang
  bool stopping_ = false, over_ = false;
  Loop::TimerId repeat_timer_ = 0, read_timer_ = 0;
};

}  // namespace cram
