#include "spank/agent/share/order.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace cram {

Order Order::LongestFirst(const std::vector<uint32_t>& lengths) {
  Order order;
  bool differ = std::adjacent_find(lengths.begin(), lengths.end(),
                                   std::less<>()) != lengths.end();
  if (!differ || lengths.size() > UINT32_MAX) return order;
  order.indexes_.resize(lengths.size());
  std::iota(order.indexes_.begin(), order.indexes_.end(), 0U);
  std::stable_sort(
      order.indexes_.begin(), order.indexes_.end(),
      [&lengths](uint32_t a, uint32_t b) { return lengths[a] > lengths[b]; });
  order.places_.resize(lengths.size());
  for (uint32_t place = 0; place < order.indexes_.size(); ++place) {
    order.places_[order.indexes_[place]] = place;
  }
  return order;
}

IndexSet Order::PlacesOf(const IndexSet& indexes) const {
  if (places_.empty()) return indexes;
  IndexSet set;
  // Added one after the other as they come, half a million would be as many
  // ranges for a while.
  std::vector<uint32_t> places;
  for (const auto& [begin, end] : indexes.ranges()) {
    uint64_t known = std::min<uint64_t>(end, places_.size());
    for (uint64_t index = begin; index < known; ++index) {
      places.push_back(places_[index]);
    }
    if (known < end) set.Add({std::max(begin, known), end});
  }
  std::sort(places.begin(), places.end());
  for (uint32_t place : places) set.Add(place);
  return set;
}

}  // namespace cram
