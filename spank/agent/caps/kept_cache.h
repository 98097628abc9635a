// The page cache that the attempts of a slot leave to those after them. Pure.
#pragma once

#include <stdint.h>

#include <algorithm>

#include "pack/base/size.h"

namespace cram {

// The kernel charges a page of a file to the cgroup that reads it first, and
// there it stays for as long as it is cached. Dropped after each attempt, a
// million sub-jobs would read their program a million times from the disk; all
// of it kept, an attempt would reach its cap with what others have read.

// So much may be there before an attempt with this cap.
constexpr uint64_t CacheToKeep(uint64_t cap_bytes) {
  return std::max<uint64_t>(8 * kMiB, cap_bytes / 8);
}

// What was charged to a slot, in bytes.
struct SlotCharges {
  uint64_t peak = 0;
  uint64_t files = 0;         // of it, in a tmpfs since before
  uint64_t cache_before = 0;  // when the attempt was armed
  uint64_t cache_after = 0;   // when all of its processes had ended
  bool was_full = false;      // the limit was reached: caches had to go
};

// The most memory that the attempt itself used. Of the cache that was there
// before, as much as is there afterwards is taken to have stayed; in a slot
// that was full it may have gone and come again, and counts. So this may be too
// much by what CacheToKeep is, never too little for what the limit made.
constexpr uint64_t OwnPeak(const SlotCharges& charges) {
  uint64_t stayed = charges.was_full
                        ? 0
                        : std::min(charges.cache_before, charges.cache_after);
  return charges.peak - std::min(charges.peak, charges.files + stayed);
}

}  // namespace cram
