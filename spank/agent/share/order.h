// In which order the sub-jobs of a run are started.
#pragma once

#include <stdint.h>

#include <vector>

#include "pack/base/index_set.h"

namespace cram {

// A permutation. Who shares out work and who waits in line knows sub-jobs by
// their **places** in it, so that what comes early is a range, however the
// indexes lie; who reads the manifest or writes records knows indexes. Every
// agent computes the same from the same manifest. Eight bytes for each sub-job,
// unless the order is that of the manifest.
class Order {
 public:
  // As in the manifest: place and index are the same number.
  Order() = default;
  // The longest first, of equal ones the lower index. `lengths` is by index.
  static Order LongestFirst(const std::vector<uint32_t>& lengths);

  // Sub-jobs that were added since come behind, as they are numbered.
  uint64_t IndexAt(uint64_t place) const {
    return place < indexes_.size() ? indexes_[place] : place;
  }
  uint64_t PlaceOf(uint64_t index) const {
    return index < places_.size() ? places_[index] : index;
  }
  IndexSet PlacesOf(const IndexSet& indexes) const;

 private:
  std::vector<uint32_t> indexes_;  // by place
  std::vector<uint32_t> places_;   // by index
};

}  // namespace cram
