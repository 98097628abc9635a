// The cap and the slots with which a run like this one would do.
#pragma once

#include <stdint.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sbin/report/run.h"
#include "sbin/report/summary.h"

namespace cram {

// Drawn from sub-jobs that completed and whose peak was measured: what the
// others need is not known. Nodes count as if all were like the least of them.
struct Advice {
  struct Setting {
    uint64_t cap_bytes = 0;
    uint32_t slots = 0;        // a node
    uint64_t would_reach = 0;  // of those measured, how many the cap
    bool grows = false;        // some have to be run again with more

    // "--cram-mem=256M --cram-slots=8", ready to be pasted.
    std::string Options() const;
  };
  uint64_t measured = 0;
  uint64_t stopped_by_cap = 0;  // to the end: they need more than they had
  Quantiles peak_bytes;
  uint32_t cpus_each = 1;
  uint32_t cpus = 0;  // of the least node
  uint64_t budget_bytes = 0;
  // First one that would have held all; then, only if more sub-jobs could run
  // at once, the cheapest (pack/base/cap_choice.h).
  std::vector<Setting> settings;
};

// Fails when nothing was measured.
absl::StatusOr<Advice> Advise(const Run& run);

// Lines that begin with # explain, the others are options.
std::string AdviceText(const Run& run, const Advice& advice);

}  // namespace cram
