#include "spank/wire/index_ranges.h"

#include <algorithm>

namespace cram {

void ToWire(const IndexSet& set, wire::Ranges* ranges) {
  for (const auto& [begin, end] : set.ranges()) {
    ranges->add_bounds(begin);
    ranges->add_bounds(end);
  }
}

IndexSet FromWire(const wire::Ranges& ranges, uint64_t limit) {
  IndexSet set;
  for (int i = 0; i + 1 < ranges.bounds_size(); i += 2) {
    set.Add({ranges.bounds(i), std::min(limit, ranges.bounds(i + 1))});
  }
  return set;
}

}  // namespace cram
