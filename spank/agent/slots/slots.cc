#include "spank/agent/slots/slots.h"

#include <algorithm>
#include <numeric>

namespace cram {

Slots::Slots(uint32_t cpus, uint64_t budget_bytes, uint32_t slots)
    : slots_(slots == 0 ? cpus : slots),
      budget_(budget_bytes),
      capacity_(std::max(cpus, slots_)),
      load_(cpus),
      slot_used_(slots_),
      left_behind_(slots_) {}

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

void Slots::Total::Add(uint32_t subjob_cpus, uint64_t subjob_bytes) {
  ++subjobs;
  cpus += subjob_cpus;
  bytes += subjob_bytes;
}

void Slots::Total::Subtract(const SlotClaim& claim) {
  --subjobs;
  cpus -= static_cast<uint32_t>(claim.cpus.size());
  bytes -= claim.bytes;
}

// Whether one more can run beside `others`.
bool Slots::HasRoom(const Total& others, uint32_t cpus, uint64_t bytes) const {
  uint64_t filled = others.bytes;
  if (others.subjobs != 0) filled += left_behind_sum_;
  return Fits(cpus, bytes) && others.subjobs < slots_ &&
         others.cpus + cpus <= capacity_ && filled <= budget_ - bytes;
}

std::optional<SlotClaim> Slots::Take(uint32_t cpus, uint64_t bytes) {
  if (!HasRoom(running_, cpus, bytes)) return std::nullopt;
  if (!reservation_) return MakeClaim(cpus, bytes);
  Total beside = reservation_->beside;
  beside.Add(cpus, bytes);
  if (!HasRoom(beside, reservation_->cpus, reservation_->bytes)) {
    return std::nullopt;
  }
  reservation_->beside = beside;
  SlotClaim claim = MakeClaim(cpus, bytes);
  claim.beside = reservations_;
  return claim;
}

void Slots::Reserve(uint32_t cpus, uint64_t bytes) {
  if (reservation_ && reservation_->cpus == cpus &&
      reservation_->bytes == bytes) {
    return;
  }
  reservation_ = Reservation{cpus, bytes, {}};
  ++reservations_;
}

std::optional<SlotClaim> Slots::TakeReserved() {
  if (!HasRoom(running_, reservation_->cpus, reservation_->bytes)) {
    return std::nullopt;
  }
  SlotClaim claim = MakeClaim(reservation_->cpus, reservation_->bytes);
  reservation_.reset();
  return claim;
}

SlotClaim Slots::MakeClaim(uint32_t cpus, uint64_t bytes) {
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
  running_.Add(cpus, bytes);
  return claim;
}

void Slots::Release(const SlotClaim& claim) {
  slot_used_[claim.slot] = false;
  for (uint32_t cpu : claim.cpus) --load_[cpu];
  running_.Subtract(claim);
  if (reservation_ && claim.beside == reservations_) {
    reservation_->beside.Subtract(claim);
  }
}

void Slots::SetLeftBehind(uint32_t slot, uint64_t bytes) {
  left_behind_sum_ += bytes - left_behind_[slot];
  left_behind_[slot] = bytes;
}

}  // namespace cram
