#include "spank/agent/slots/slots.h"

#include <algorithm>
#include <numeric>

namespace cram {

Slots::Slots(uint32_t cpus, uint64_t budget_bytes, uint32_t slots)
    : slots_(slots == 0 ? cpus : slots),
      budget_(budget_bytes),
      free_bytes_(budget_bytes),
      capacity_(std::max(cpus, slots_)),
      load_(cpus),
      slot_used_(slots_) {}

uint32_t Slots::DefaultCpus() const {
  return std::max<uint32_t>(1, cpus() / slots_);
}

uint64_t Slots::DefaultCap(uint32_t cpus) const {
  uint32_t at_once = std::min(slots_, capacity_ / std::max<uint32_t>(1, cpus));
  return budget_ / std::max<uint32_t>(1, at_once);
}

bool Slots::Fits(uint32_t cpus, uint64_t bytes) const {
  return cpus <= load_.size() && bytes <= budget_;
}

std::optional<SlotClaim> Slots::Take(uint32_t cpus, uint64_t bytes) {
  if (running_ == slots_ || used_ + cpus > capacity_ || bytes > free_bytes_ ||
      cpus > load_.size()) {
    return std::nullopt;
  }
  SlotClaim claim;
  claim.bytes = bytes;
  auto free_slot = std::find(slot_used_.begin(), slot_used_.end(), false);
  claim.slot = static_cast<uint32_t>(free_slot - slot_used_.begin());
  // Least used first; in the node's order among equals, so that neighbours
  // stay together.
  std::vector<uint32_t> order(load_.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [this](uint32_t a, uint32_t b) {
    return load_[a] < load_[b];
  });
  claim.cpus.assign(order.begin(), order.begin() + cpus);
  std::sort(claim.cpus.begin(), claim.cpus.end());

  *free_slot = true;
  for (uint32_t cpu : claim.cpus) ++load_[cpu];
  used_ += cpus;
  free_bytes_ -= bytes;
  ++running_;
  return claim;
}

void Slots::Release(const SlotClaim& claim) {
  slot_used_[claim.slot] = false;
  for (uint32_t cpu : claim.cpus) --load_[cpu];
  used_ -= static_cast<uint32_t>(claim.cpus.size());
  free_bytes_ += claim.bytes;
  --running_;
}

}  // namespace cram
