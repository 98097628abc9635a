#include "spank/agent/agent/cap_rule.h"

namespace cram {

// What was said for this run goes before what the manifest says.
uint64_t CapRule::InitialCap(const SubJob& subjob, uint32_t cpus) const {
  if (options_->mem_bytes != 0) return options_->mem_bytes;
  if (!options_->mem_share && subjob.memory_bytes != 0) {
    return subjob.memory_bytes;
  }
  return slots_->DefaultCap(cpus);
}

LearnedCap* CapRule::Learned(const SubJob& subjob, uint32_t cpus) {
  auto [entry, is_new] =
      learned_.try_emplace({cpus, subjob.memory_bytes},
                           InitialCap(subjob, cpus), slots_->DefaultCap(cpus));
  return &entry->second;
}

uint64_t CapRule::CapOf(const SubJob& subjob, uint32_t cpus) {
  if (!options_->mem_auto) return InitialCap(subjob, cpus);
  return Learned(subjob, cpus)->cap();
}

CapLimits CapRule::LimitsOf(const SubJob& subjob, uint32_t cpus) {
  CapLimits limits;
  limits.budget_bytes = slots_->budget_bytes();
  if (options_->mem_auto) {
    limits.second_cap_bytes = Learned(subjob, cpus)->second_cap();
  }
  return limits;
}

void CapRule::Completed(const SubJob& subjob, uint32_t cpus,
                        uint64_t peak_bytes, uint64_t cap_bytes) {
  if (options_->mem_auto) {
    Learned(subjob, cpus)->Completed(peak_bytes, cap_bytes);
  }
}

}  // namespace cram
