// What the next attempt of a sub-job needs of its node: CPUs, memory, time.
#pragma once

#include <stdint.h>

#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "pack/base/run_options.h"
#include "pack/journal/journal.pb.h"
#include "pack/manifest/reader.h"
#include "spank/agent/agent/attempt.h"
#include "spank/agent/agent/cap_rule.h"
#include "spank/agent/agent/slot.h"
#include "spank/agent/share/line.h"
#include "spank/agent/share/order.h"
#include "spank/agent/slots/run_times.h"
#include "spank/agent/slots/slots.h"

namespace cram {

// From the manifest, from the options, and from what those needed that ran here
// before. It claims nothing: who starts what, and when, is the node's business.
class CandidateMaker {
 public:
  // All outlive it; the manifest until another one is set.
  CandidateMaker(const RunOptions* options, const Slots* slots,
                 ManifestReader* manifest, const Order* order);

  // It has the same and more sub-jobs; the old one is used no more.
  void SetManifest(ManifestReader* manifest) { manifest_ = manifest; }
  // Whether the manifest has it yet.
  bool Has(uint64_t place) const { return place < manifest_->size(); }
  absl::StatusOr<SubJob> Read(uint64_t index) { return manifest_->Get(index); }

  // Why it cannot be read, if so; the candidate has its index all the same.
  std::optional<Slot::Failure> Make(const Planned& planned,
                                    Candidate* candidate);
  // Why this node, were it empty, would be too small for it; if so.
  std::optional<Slot::Failure> WhyTooLarge(const Candidate& candidate) const;

  // Nothing may run longer than until then.
  void MustEndBy(absl::Time end) { end_ = end; }
  // Whether it may, were it started now: by its limit, or else as long as
  // those before it took. The end is later by what the job was suspended for.
  bool TooLate(const Candidate& candidate, absl::Duration suspended) const;

  uint64_t CapOf(const SubJob& subjob, uint32_t cpus) {
    return cap_rule_.CapOf(subjob, cpus);
  }

  // It did: others like it may need as much.
  void Completed(const Candidate& candidate, const Ended& ended);
  // As NextAttempt() (retry.h), after an attempt that ended so.
  std::optional<Tried> After(const Candidate& candidate, const Ended& ended);

 private:
  const RunOptions* options_;
  const Slots* slots_;
  ManifestReader* manifest_;
  const Order* order_;
  CapRule cap_rule_;
  RunTimes run_times_;
  absl::Time end_ = absl::InfiniteFuture();
};

}  // namespace cram
