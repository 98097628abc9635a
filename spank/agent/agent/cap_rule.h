// The cap of a node's sub-jobs: what was said, what is left, what was learned.
#pragma once

#include <stdint.h>

#include <map>
#include <utility>

#include "pack/base/run_options.h"
#include "pack/manifest/subjob.h"
#include "spank/agent/agent/retry.h"
#include "spank/agent/slots/learned_cap.h"
#include "spank/agent/slots/slots.h"

namespace cram {

// For a sub-job's first attempt: --mem; or what the manifest says; or the
// node's share. With --mem=auto the latter two are what it starts from, and
// sub-jobs that ask for the same CPUs and memory are learned from together.
class CapRule {
 public:
  // Both outlive it.
  CapRule(const RunOptions* options, const Slots* slots)
      : options_(options), slots_(slots) {}

  uint64_t CapOf(const SubJob& subjob, uint32_t cpus);
  // What later attempts may have.
  CapLimits LimitsOf(const SubJob& subjob, uint32_t cpus);

  void Completed(const SubJob& subjob, uint32_t cpus, uint64_t peak_bytes,
                 uint64_t cap_bytes);

 private:
  uint64_t InitialCap(const SubJob& subjob, uint32_t cpus) const;
  LearnedCap* Learned(const SubJob& subjob, uint32_t cpus);

  const RunOptions* options_;
  const Slots* slots_;
  // By CPUs and the manifest's memory.
  std::map<std::pair<uint32_t, uint64_t>, LearnedCap> learned_;
};

}  // namespace cram
