#include "spank/agent/share/work.h"

namespace cram {

Tried Work::TriedOf(uint64_t index) const {
  auto found = tried_.find(index);
  return found == tried_.end() ? Tried() : found->second;
}

IndexSet Work::FailedOn(uint32_t node) const {
  IndexSet failed;
  for (const auto& [index, tried] : tried_) {
    if (tried.failed_on == node + 1) failed.Add(index);
  }
  return failed;
}

void Work::Add(uint64_t index, const Tried& tried) {
  indexes_.Add(index);
  if (!(tried == Tried())) tried_[index] = tried;
}

void Work::AddAll(const Work& other) {
  indexes_.AddAll(other.indexes_);
  tried_.insert(other.tried_.begin(), other.tried_.end());
}

void Work::Learn(const Work& other) {
  for (const auto& [index, tried] : other.tried_) {
    if (indexes_.Contains(index)) tried_[index] = tried;
  }
}

void Work::Remove(const IndexSet& indexes) {
  for (const auto& [begin, end] : indexes.ranges()) {
    indexes_.Remove({begin, end});
    tried_.erase(tried_.lower_bound(begin), tried_.lower_bound(end));
  }
}

Work Work::With(IndexSet indexes) {
  Work taken(std::move(indexes));
  for (const auto& [begin, end] : taken.indexes_.ranges()) {
    auto first = tried_.lower_bound(begin), last = tried_.lower_bound(end);
    taken.tried_.insert(first, last);
    tried_.erase(first, last);
  }
  return taken;
}

Work Work::TakeFront(uint64_t count) { return With(indexes_.TakeFront(count)); }

Work Work::TakeBack(uint64_t count) { return With(indexes_.TakeBack(count)); }

Work Work::Take(const IndexSet& indexes) {
  return With(indexes_.Take(indexes));
}

}  // namespace cram
