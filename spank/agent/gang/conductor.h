// Which wide sub-job runs on which nodes, and how it gets there. Pure: it is
// told what happened and calls what is to be done.
#pragma once

#include <stdint.h>

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "spank/agent/gang/gang.h"

namespace cram {

// At the root of a run. The widest sub-job that waits has the next nodes that
// are in no gang, as few as can hold it; narrower ones do not overtake it, for
// they might keep it from its nodes for ever. A node is in one gang at a time:
// so no two gangs wait for each other. Nodes go on with sub-jobs of one node
// until their part has room. A gang stays together for the next sub-job as long
// as that is of the same width, else it dissolves.
//
// All nodes keep room, then part 0 starts, then the others, which connect to
// it. When one ends, fails or is lost, the processes themselves end the others;
// those that have not started yet are ended from here.
class Conductor {
 public:
  // Calls may come from inside of any call and must not call back.
  class Host {
   public:
    virtual ~Host() = default;
    virtual void Send(uint32_t node, GangOrder order, const Gang& gang) = 0;
    // Part 0 runs.
    virtual void Began(const Gang& gang) = 0;
    // Nothing of it runs any more. `lost`: one of its nodes was.
    virtual void Ended(const Gang& gang, bool lost) = 0;
    // Of all nodes that are left there are not enough for it.
    virtual void CannotRun(const WideSubJob& subjob) = 0;
  };

  // Of a run of `nodes`, which will come or be lost. The host outlives it.
  Conductor(uint32_t nodes, Host* host) : coming_(nodes), host_(host) {}

  // The node's agent is there, with so much for sub-jobs; again changes
  // nothing.
  void NodeIsHere(uint32_t node, uint32_t cpus, uint64_t bytes);
  void NodeIsLost(uint32_t node);

  void Add(const WideSubJob& subjob);
  // Those of them that wait are removed and returned; those that run, or are on
  // their way, are ended.
  std::vector<WideSubJob> Cancel(
      const std::function<bool(uint64_t index)>& chosen);

  // One of its parts could not be started: the others are ended.
  void GiveUp(uint64_t gang);

  // What an agent says of the part of its node.
  void Heard(uint32_t node, uint64_t gang, GangWord word);

  // Says again what has not been answered. To be called every second or so.
  void Repeat();

  uint64_t waiting() const { return waiting_; }
  uint32_t running() const { return static_cast<uint32_t>(gangs_.size()); }

 private:
  struct Node {
    uint32_t cpus = 0;
    uint64_t bytes = 0;
    bool busy = false;  // in a gang
    bool lost = false;
    uint32_t RanksOf(const WideSubJob& subjob) const;
  };
  struct Act {
    Gang gang;
    std::vector<GangOrder> ordered;  // by part: the last order
    std::vector<GangWord> words;     // by part: the last word
    bool began = false;
    bool ending = false;
    uint32_t repeats_alone = 0;  // since part 0 was over
    bool lost = false;
  };

  void Form();
  bool FormOne(const WideSubJob& subjob, uint64_t follows,
               const std::vector<uint32_t>& nodes);
  std::vector<uint32_t> FreeNodes() const;
  bool CanEverRun(const WideSubJob& subjob) const;
  std::optional<WideSubJob> TakeWidest();
  void Order(Act* act, size_t part, GangOrder order);
  void GoOn(Act* act);
  void End(Act* act);
  void EndUnstarted(Act* act);
  void FinishIfOver(uint64_t gang);
  void Dissolve(const Gang& gang);

  uint32_t coming_;
  Host* host_;
  std::map<uint32_t, Node> nodes_;
  // By width, the widest first; in the order of their indexes.
  std::map<uint64_t, std::map<uint64_t, WideSubJob>, std::greater<>> line_;
  uint64_t waiting_ = 0;
  std::map<uint64_t, Act> gangs_;
  uint64_t last_gang_ = 0;
};

}  // namespace cram
