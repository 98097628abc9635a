#include "spank/agent/share/line.h"

#include <algorithm>
#include <iterator>

namespace cram {

void Line::Add(const Work& work) {
  new_.AddAll(work.indexes());
  for (const auto& [index, tried] : work.tried()) {
    new_.Remove(index);
    if (tried.failed_on != 0) {
      again_.push_front({index, tried});
    } else {
      again_.push_back({index, tried});
    }
  }
  if (!cancelled_.empty()) Cancel(cancelled_);
}

void Line::AddAgain(const Planned& planned) { again_.push_back(planned); }

void Line::AddLater(const Planned& planned, absl::Duration due) {
  later_.emplace(due, planned);
}

std::optional<Planned> Line::Front(Queue queue) const {
  if (queue == Queue::kAgain) {
    if (again_.empty()) return std::nullopt;
    return again_.front();
  }
  if (new_.empty()) return std::nullopt;
  return Planned{new_.front(), {}};
}

void Line::PopFront(Queue queue) {
  if (queue == Queue::kAgain) {
    again_.pop_front();
  } else {
    new_.Remove(new_.front());
  }
}

std::vector<Planned> Line::TakeDue(absl::Duration now) {
  std::vector<Planned> due;
  while (!later_.empty() && later_.begin()->first <= now) {
    due.push_back(later_.begin()->second);
    later_.erase(later_.begin());
  }
  return due;
}

std::optional<absl::Duration> Line::next_due() const {
  if (later_.empty()) return std::nullopt;
  return later_.begin()->first;
}

Work Line::TakeBack(uint64_t count) {
  Work work(new_.TakeBack(count));
  if (count == UINT64_MAX) {
    work.AddAll(TakeTriedIf([](const Planned&) { return true; }));
    return work;
  }
  for (; again_.size() > 1 && work.size() < count; again_.pop_back()) {
    work.Add(again_.back().place, again_.back().tried);
  }
  return work;
}

template <typename Which>
Work Line::TakeTriedIf(Which which) {
  Work taken;
  auto kept = std::stable_partition(
      again_.begin(), again_.end(),
      [&](const Planned& planned) { return !which(planned); });
  for (auto it = kept; it != again_.end(); ++it)
    taken.Add(it->place, it->tried);
  again_.erase(kept, again_.end());
  for (auto it = later_.begin(); it != later_.end();) {
    if (!which(it->second)) {
      ++it;
      continue;
    }
    taken.Add(it->second.place, it->second.tried);
    it = later_.erase(it);
  }
  return taken;
}

Work Line::TakeTried(const IndexSet& indexes) {
  return TakeTriedIf([&indexes](const Planned& planned) {
    return indexes.Contains(planned.place);
  });
}

void Line::Cancel(const IndexSet& indexes) {
  if (&indexes != &cancelled_) cancelled_.AddAll(indexes);
  out_.AddAll(Work(new_.Take(indexes)));
  out_.AddAll(TakeTried(indexes));
}

Work Line::TakeCancelled(uint64_t count) { return out_.TakeFront(count); }

void Line::Clear() {
  new_ = IndexSet();
  again_.clear();
  later_.clear();
}

}  // namespace cram
