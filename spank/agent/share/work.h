// What is given from one agent to another: sub-jobs to run.
#pragma once

#include <stdint.h>

#include <map>

#include "pack/base/index_set.h"

namespace cram {

// What became of a sub-job's earlier attempts, for the one that follows.
struct Tried {
  uint32_t attempts = 0;   // that were made: the number of the next one
  uint32_t failures = 0;   // of them, those that --retry counts
  uint32_t losses = 0;     // of them, those that lost their node
  uint64_t cap_bytes = 0;  // for the next one; 0: whatever new ones get
  // One more than the node id where the last one failed, perhaps because of the
  // node: another one is to run the next. 0: that does not matter.
  uint32_t failed_on = 0;
  friend bool operator==(const Tried& a, const Tried& b) {
    return a.attempts == b.attempts && a.failures == b.failures &&
           a.losses == b.losses && a.cap_bytes == b.cap_bytes &&
           a.failed_on == b.failed_on;
  }
};

// A set of sub-jobs, by their places (order.h), that remembers those of them
// that were tried before. Of a million in a row that never ran it keeps one
// range.
class Work {
 public:
  Work() = default;
  explicit Work(IndexSet fresh) : indexes_(std::move(fresh)) {}

  const IndexSet& indexes() const { return indexes_; }
  // Of some of indexes(); for all others it is as if nothing had been tried.
  const std::map<uint64_t, Tried>& tried() const { return tried_; }
  Tried TriedOf(uint64_t index) const;

  bool empty() const { return indexes_.empty(); }
  uint64_t size() const { return indexes_.size(); }

  // Those that this node is not to run.
  IndexSet FailedOn(uint32_t node) const;

  void Add(uint64_t index, const Tried& tried);
  void AddAll(const Work& other);
  void Remove(const IndexSet& indexes);
  // Of sub-jobs that both have, `other` knows better what was tried.
  void Learn(const Work& other);

  // Removes and returns the `count` lowest (or highest), or all.
  Work TakeFront(uint64_t count);
  Work TakeBack(uint64_t count);
  // Removes and returns those of `indexes` that are in it.
  Work Take(const IndexSet& indexes);

 private:
  // What is known of `indexes`, which were taken out of indexes_.
  Work With(IndexSet indexes);

  IndexSet indexes_;
  std::map<uint64_t, Tried> tried_;
};

}  // namespace cram
