// What the manifest in the run directory says of a sub-job, opened only when
// somebody asks.
#pragma once

#include <stdint.h>

#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "pack/manifest/reader.h"
#include "sbin/report/run.h"

namespace cram {

class ManifestLookup {
 public:
  // `run` must outlive it.
  explicit ManifestLookup(const Run& run) : run_(run) {}

  // The sub-job, good until the next call; null when the manifest cannot be
  // opened or its entry cannot be read: see status().
  const SubJob* Get(uint64_t index);

  // The first thing that went wrong.
  const absl::Status& status() const { return status_; }

 private:
  absl::Status Open();

  const Run& run_;
  absl::Status status_;
  bool opened_ = false;
  std::unique_ptr<ManifestReader> reader_;  // null when it cannot be opened
  std::optional<SubJob> subjob_;
};

}  // namespace cram
