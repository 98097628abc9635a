#include "pack/base/index_set.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace cram {

absl::StatusOr<IndexSet> IndexSet::Parse(absl::string_view text) {
  IndexSet set;
  for (absl::string_view item : absl::StrSplit(text, ',')) {
    std::pair<absl::string_view, absl::string_view> ends =
        absl::StrSplit(item, absl::MaxSplits('-', 1));
    uint64_t first, last;
    bool single = item.find('-') == absl::string_view::npos;
    if (!absl::SimpleAtoi(ends.first, &first) ||
        !absl::SimpleAtoi(single ? ends.first : ends.second, &last) ||
        last < first || last == UINT64_MAX) {
      return absl::InvalidArgumentError(absl::StrCat(
          "'", text, "' is not a list of indexes (example: 3,10-20,40)"));
    }
    set.Add({first, last + 1});
  }
  return set;
}

std::string IndexSet::ToString() const {
  std::string text;
  for (const auto& [begin, end] : ranges_) {
    absl::StrAppend(&text, text.empty() ? "" : ",", begin);
    if (end - begin > 1) absl::StrAppend(&text, "-", end - 1);
  }
  return text;
}

void IndexSet::Add(IndexRange range) {
  if (range.begin >= range.end) return;
  auto it = ranges_.upper_bound(range.begin);
  if (it != ranges_.begin() && std::prev(it)->second >= range.begin) --it;
  while (it != ranges_.end() && it->first <= range.end) {
    range.begin = std::min(range.begin, it->first);
    range.end = std::max(range.end, it->second);
    size_ -= it->second - it->first;
    it = ranges_.erase(it);
  }
  ranges_[range.begin] = range.end;
  size_ += range.size();
}

void IndexSet::AddAll(const IndexSet& other) {
  for (const auto& [begin, end] : other.ranges_) Add({begin, end});
}

void IndexSet::Remove(IndexRange range) {
  auto it = ranges_.upper_bound(range.begin);
  if (it != ranges_.begin() && std::prev(it)->second > range.begin) --it;
  while (it != ranges_.end() && it->first < range.end) {
    IndexRange old{it->first, it->second};
    size_ -= old.size();
    it = ranges_.erase(it);
    Add({old.begin, std::min(old.end, range.begin)});
    Add({std::max(old.begin, range.end), old.end});
    it = ranges_.lower_bound(std::min(old.end, range.end));
  }
}

IndexSet IndexSet::TakeFront(uint64_t count) {
  IndexSet taken;
  while (count > 0 && !ranges_.empty()) {
    IndexRange range{ranges_.begin()->first, ranges_.begin()->second};
    range.end =
        std::min(range.end, range.begin + std::min(count, range.size()));
    taken.Add(range);
    Remove(range);
    count -= range.size();
  }
  return taken;
}

IndexSet IndexSet::TakeBack(uint64_t count) {
  IndexSet taken;
  while (count > 0 && !ranges_.empty()) {
    auto last = std::prev(ranges_.end());
    IndexRange range{last->first, last->second};
    range.begin = range.end - std::min(count, range.size());
    taken.Add(range);
    Remove(range);
    count -= range.size();
  }
  return taken;
}

IndexSet IndexSet::Take(const IndexSet& indexes) {
  IndexSet common;
  for (const auto& [begin, end] : indexes.ranges_) {
    auto it = ranges_.upper_bound(begin);
    if (it != ranges_.begin()) --it;
    for (; it != ranges_.end() && it->first < end; ++it) {
      IndexRange both = {std::max(begin, it->first), std::min(end, it->second)};
      if (both.begin < both.end) common.Add(both);
    }
  }
  for (const auto& [begin, end] : common.ranges_) Remove({begin, end});
  return common;
}

bool IndexSet::Contains(uint64_t index) const {
  auto it = ranges_.upper_bound(index);
  return it != ranges_.begin() && std::prev(it)->second > index;
}

}  // namespace cram
