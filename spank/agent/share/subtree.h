// An agent's view of the run: what its own node and the agents below it hold,
// what waits for them here, and what it asks of the agent above. Pure: no
// sockets, no clock; it is told what happened and calls what is to be done.
#pragma once

#include <stdint.h>

#include <map>
#include <vector>

#include "spank/agent/share/guided_shares.h"
#include "spank/agent/share/progress.h"
#include "spank/agent/share/work.h"

namespace cram {

// What a Subtree says to those around it. Calls may come from inside of any
// Subtree call and must not call back into it.
class Neighbours {
 public:
  virtual ~Neighbours() = default;
  // To a child: run these; give some back that have not started; nothing is
  // left (once).
  virtual void Grant(uint32_t child, const Work& work) = 0;
  virtual void Recall(uint32_t child, uint64_t count) = 0;
  virtual void Finish(uint32_t child) = 0;
  // To the parent: there is little left here (once until it grants); these are
  // back, as the answer to its recall or because nobody here runs anything
  // more. Never called while it cannot be spoken to: what would be said then is
  // held here, and counts as held. Never at the root, whose parent is the
  // manifest.
  virtual void AskParent() = 0;
  virtual void ReturnToParent(const Work& work) = 0;
  // To the parent: the node that they failed on should not run these.
  virtual void RunElsewhereAbove(const Work& work) = 0;
};

// Every index that it was given is at any time in exactly one place: the pool,
// or what one child holds. A child holds what it was granted and has not
// returned; what it finished of that it only counts.
//
// What failed on a node, perhaps because of it, is not for the next who asks:
// another child is given it at once, or it waits for one.
//
// A child that asks gets its guided share of the pool (guided_shares.h). When
// the pool is empty and slots are idle, unstarted sub-jobs are recalled from
// the children that have more than their part: one with long runs holds nobody
// up. The subtree asks above as soon as less is unstarted in it than it has
// slots, like a node.
class Subtree {
 public:
  // `root`: all that there is is in `pool`, in `behind`, which is given out
  // when that is empty, or held by children.
  Subtree(bool root, Work pool, Neighbours* neighbours, Work behind = Work())
      : root_(root),
        neighbours_(neighbours),
        pool_(std::move(pool)),
        behind_(std::move(behind)) {}

  // Before it has said anything; `slots` is a guess until it reports.
  void AddChild(uint32_t child, Work holds, uint32_t slots);
  // It is here (again), and says what it holds: of what it was given, all else
  // did not arrive there and goes back to the pool. One that was not a child
  // takes over what it holds from `from`, its ancestor that was lost.
  void Joined(uint32_t child, const Work& holds);
  void Adopt(uint32_t child, const Work& holds, uint32_t from);

  // A child says:
  void Ask(uint32_t child);
  void Report(uint32_t child, const Progress& progress);
  void Returned(uint32_t child, const Work& work);
  // It had these, and another child is to run them, at once. Who can is asked
  // for above, or waited for; when nobody can, they come back to it.
  void RunElsewhere(uint32_t child, const Work& work);

  // What of `indexes` is in the pool goes to the child, asked or not.
  void GiveTo(uint32_t child, const IndexSet& indexes);

  // It cannot be spoken to at present: nothing is given to it or recalled. It
  // may join again.
  void Missing(uint32_t child);
  // It was missing and will never be heard of again. Of what it holds `again`
  // is to be run by others; the rest ended, `finished` by state.
  void Lost(uint32_t child, const Work& again,
            const std::array<uint64_t, kStates>& finished);

  // The parent says:
  void Granted(const Work& work);
  void Recalled(uint64_t count);
  void Finish();
  // It cannot be spoken to, as before it was joined the first time.
  void ParentMissing();
  // The connection to it was made anew: what was asked may not have arrived.
  void ParentJoined();

  // Children that run nothing when nothing waits anywhere: they could leave.
  std::vector<uint32_t> Unneeded() const;
  // One of these is told that nothing is left, and is a child no more.
  void Retire(uint32_t child);

  // It may have been given up itself: as long as that is so (true), nothing is
  // given out, asked or finished.
  void Doubt(bool doubt);
  // Nobody is above any more: it is the root of what it has.
  void BecomeRoot();
  // Nothing more is given out; at the root the run finishes when nothing runs.
  void Stop();

  bool root() const { return root_; }
  bool finished() const { return finished_; }
  // Whether it is the root, and of its children only this one may run anything.
  bool IsLeftTo(uint32_t child) const;
  bool Knows(uint32_t child) const { return children_.count(child) != 0; }
  const Work& HeldBy(uint32_t child) const { return children_.at(child).holds; }
  // Pool and children, finished ones included: what its parent takes it to
  // hold.
  Work Holds() const;
  // Sums over all children, lost ones included.
  Progress Totals() const;

 private:
  void Serve();
  bool HasPool();
  void Give(uint32_t id, const Work& work);
  void ServeFailed();
  Work Place(const Work& work, uint32_t but);
  bool OthersMayRun(uint32_t id) const;
  Work TakeFor(uint32_t id, uint64_t count);
  void AnswerParent();
  void GrantTo(uint32_t id, Child* child, uint64_t all_slots);
  void ServeAskers(bool hungry);
  bool CallBack(const std::vector<Recall>& recalls);
  void SpeakToParent();
  bool Idle(const Child& child) const;
  void FinishIfDone();

  bool root_;
  Neighbours* neighbours_;
  Work pool_;
  Work behind_;
  Children children_;
  // By child, what others are to run, while none of them has come.
  std::map<uint32_t, Work> failed_;
  uint64_t recalled_ = 0;  // by the parent, not yet answered
  bool parent_here_ = false;
  bool parent_waits_ = false;
  bool asked_ = false;
  bool doubt_ = false;
  bool stopped_ = false;
  bool finished_ = false;
};

}  // namespace cram
