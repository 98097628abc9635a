// An agent's way to the agent above it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "pack/base/clock.h"
#include "pack/base/run_directory.h"
#include "spank/agent/agent/connection.h"
#include "spank/agent/agent/patience.h"
#include "spank/agent/loop/loop.h"
#include "spank/agent/share/tree.h"

namespace cram {

// Looks for the parent's address in the run directory (a network file system
// may show it late), tries each, says hello, waits for the welcome. When the
// parent is lost it does the same with the agents above that, up to the root,
// again and again; until then the agent works on what it has.
class ParentLink {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    // What to say; the link adds the secret.
    virtual wire::Hello Hello() = 0;
    virtual void Joined(const wire::Vouch& vouch) = 0;
    virtual void ParentSays(const wire::Message& message) = 0;
    // The connection that was joined broke; another is being looked for.
    virtual void Broke(const absl::Status& reason) = 0;
    // Once, instead of all others: it was given up, or is not of this run.
    virtual void Refused(const std::string& reason) = 0;
    // Once: where the root listened nobody does, so its process has ended.
    virtual void RootIsDead() = 0;
  };

  // `node` is not 0. `directory` outlives it.
  ParentLink(Loop* loop, const RunDirectory* directory, const Tree& tree,
             uint32_t node, const Patience& patience, Listener* listener);
  ~ParentLink();

  bool joined() const { return joined_; }
  // Dropped when not joined.
  void Send(const wire::Message& message);
  // What it is connected to does not answer.
  void LookElsewhere(const absl::Status& reason);
  // Nobody is above any more.
  void Leave();

 private:
  void ReadAddress();
  void TryNextAddress();
  void TryNextAgent();
  void Connected();
  void Answered(const wire::Message& message);
  void Disconnect();
  void After(absl::Duration delay, void (ParentLink::*step)());

  Loop* loop_;
  const RunDirectory* directory_;
  Patience patience_;
  Listener* listener_;
  std::vector<uint32_t> above_;  // the parent, its parent, ..., 0
  size_t tried_ = 0;             // of above_
  wire::AgentAddress address_;
  int next_address_ = 0;
  int refused_ = 0;  // addresses where nobody listens
  UniqueFd socket_;  // being connected
  std::unique_ptr<Connection> connection_;
  bool joined_ = false;
  bool was_joined_ = false;  // ever
  Loop::TimerId timer_ = 0;
  Instant started_;
};

}  // namespace cram
