// An agent's own node and the agents below it, wired to the engine that gives
// them work: Subtree.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "pack/base/clock.h"
#include "spank/agent/agent/absentees.h"
#include "spank/agent/agent/child_server.h"
#include "spank/agent/agent/gang_leader.h"
#include "spank/agent/agent/lease.h"
#include "spank/agent/agent/lost_share.h"
#include "spank/agent/agent/node.h"
#include "spank/agent/agent/run.h"
#include "spank/agent/share/subtree.h"

namespace cram {

// Speaks with the children, and moves work between them and the node, and from
// those who are lost to others. Every agent of a run has one; what is above it
// is the business of its Role.
class Family : private Neighbours,
               private ChildServer::Listener,
               private Absentees::Listener {
 public:
  class Above {
   public:
    virtual ~Above() = default;
    // As Neighbours.
    virtual void AskParent() = 0;
    virtual void ReturnToParent(const Work& work) = 0;
    virtual void RunElsewhere(const Work& work) = 0;
    // For a node that is not of this subtree, as Node::Listener.
    virtual void RanFor(const wire::RanFor& ran) = 0;
    // To the root, of gangs.
    virtual void GangSays(const wire::Message& message) = 0;
    // The agent of a node of this subtree was lost.
    virtual void NodeLost(const std::string& node_name) = 0;
    // A node of this subtree is a black hole.
    virtual void NodeBenched(const std::string& node_name) = 0;
  };

  // All outlive it.
  static absl::StatusOr<std::unique_ptr<Family>> Create(const Run* run,
                                                        Node* node, Lease lease,
                                                        Above* above);

  Subtree& subtree() { return subtree_; }
  Lease& lease() { return lease_; }

  // The node's counts, and its wish for more when it has too little.
  void UpdateOwn();
  // Own node and children start nothing more and end what runs.
  void Stop(const std::string& reason);
  // None of these is run any more.
  void Cancel(const IndexSet& indexes);
  // There are more sub-jobs. Again for those of before changes nothing.
  void Added(const wire::Added& added);
  // What Node::Listener is told.
  void RunElsewhere(const Work& work);
  void RanFor(const wire::RanFor& ran);
  void NodeBenched(const Work& work);
  // To whose node it is, which is of this subtree.
  void Order(const wire::GangOrder& order);
  // A child that Subtree::Unneeded() names leaves, with all below it.
  void Retire(uint32_t child);
  // At the root of several nodes; else none.
  GangLeader* leader() { return leader_.get(); }
  // This node, as those who form gangs want to know it.
  wire::GangNode AsGangNode() const;

  // The node alone: it was told so from outside. Others run what it has.
  void StopOwn();
  // Whether the node may record. To be called often.
  bool Check();
  // Until when, unless something is heard meanwhile.
  Instant MayRecordBefore();

  // The node was told that nothing is left, and the children have gone.
  bool done() const;

 private:
  Family(const Run* run, Node* node, Lease lease, Above* above);
  void StartGangs();
  void AddChildren();

  void Grant(uint32_t child, const Work& work) override;
  void Recall(uint32_t child, uint64_t count) override;
  void Finish(uint32_t child) override;
  void AskParent() override { above_->AskParent(); }
  void ReturnToParent(const Work& work) override {
    above_->ReturnToParent(work);
  }
  void RunElsewhereAbove(const Work& work) override {
    above_->RunElsewhere(work);
  }

  absl::Duration VouchesFor() override;
  ChildServer::Answer ChildComes(uint32_t child,
                                 const wire::Hello& hello) override;
  void ChildJoined(uint32_t child, const wire::Hello& hello) override;
  void ChildSays(uint32_t child, const wire::Message& message) override;
  void ChildBroke(uint32_t child, const absl::Status& reason) override;

  bool MayGiveUp() override { return Check(); }
  bool IsOf(uint32_t node, uint32_t child) override {
    return ChildAbove(node) == child;
  }
  void ChildLost(uint32_t child, const std::string& reason,
                 const LostShare& share) override;

  uint32_t ChildAbove(uint32_t node) const;
  void TellGangsThatItWent(uint32_t child);
  void SayWhatIsLost(uint32_t child, const std::string& reason,
                     const LostShare::Findings& findings);
  std::string NameOf(uint32_t node) const;

  const Run* run_;
  Node* node_;
  Lease lease_;
  Above* above_;
  Subtree subtree_;
  Absentees absentees_;
  std::unique_ptr<GangLeader> leader_;
  std::unique_ptr<ChildServer> server_;  // none: nobody is below
  std::map<uint32_t, std::string> names_;
  std::set<uint32_t> retired_;
  std::string stop_reason_;
  IndexSet cancelled_;
  wire::Added added_;  // the last
  bool in_doubt_ = false;
  bool asked_ = false;  // the node did, and was given nothing since
  bool left_ = false;   // it was told to finish
  Instant left_at_;
};

}  // namespace cram
