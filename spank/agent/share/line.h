// The sub-jobs of a node that have not started, in the order in which they do.
#pragma once

#include <stdint.h>

#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "spank/agent/share/work.h"

namespace cram {

struct Planned {
  uint64_t place = 0;
  Tried tried;
};

// Two queues: what is to be run again, in the order in which it came, and what
// never ran, in ascending order of places. Beside them wait those whose next
// attempt has a time, and those that were cancelled and are to be recorded as
// such. Pure: instants are the caller's.
class Line {
 public:
  enum class Queue { kAgain, kNew };

  // What was tried before is run again, first what failed on another node,
  // which waits for it; all else is new. What is cancelled is neither.
  void Add(const Work& work);
  void AddAgain(const Planned& planned);
  void AddLater(const Planned& planned, absl::Duration due);

  std::optional<Planned> Front(Queue queue) const;
  void PopFront(Queue queue);

  // Those whose time has come; they are in line no more.
  std::vector<Planned> TakeDue(absl::Duration now);
  // When the next of them is due; nothing: there is none.
  std::optional<absl::Duration> next_due() const;

  // Up to `count` of the queues, what never ran first, the last ones first. The
  // first that is to be run again stays, as room is being kept for it, and so
  // does what has its time: they go only with everything else (UINT64_MAX).
  Work TakeBack(uint64_t count);
  // Those of `indexes` that wait to be run again.
  Work TakeTried(const IndexSet& indexes);
  // Of these nothing is run, whether it is here or comes later.
  void Cancel(const IndexSet& indexes);
  bool IsCancelled(uint64_t index) const { return cancelled_.Contains(index); }
  Work TakeCancelled(uint64_t count);
  // Everything but what is cancelled.
  void Clear();

  // In the queues, or cancelled and not taken. What has its time is not among
  // them: nobody else's slots can use it.
  uint64_t size() const { return new_.size() + again_.size() + out_.size(); }
  bool has_cancelled() const { return !out_.empty(); }
  // What Clear() would remove.
  uint64_t uncancelled() const {
    return new_.size() + again_.size() + later_.size();
  }
  bool empty() const { return size() == 0 && later_.empty(); }

 private:
  // Removes and returns those of what was tried that `which` says.
  template <typename Which>
  Work TakeTriedIf(Which which);

  IndexSet new_;
  std::deque<Planned> again_;
  std::multimap<absl::Duration, Planned> later_;  // by when they are due
  IndexSet cancelled_;                            // all that ever were
  Work out_;                                      // of them, what waited
};

}  // namespace cram
