// The manifest of a run, which may grow while the run goes on.
#pragma once

#include <stdint.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "pack/manifest/reader.h"
#include "spank/agent/agent/run.h"
#include "spank/agent/loop/loop.h"

namespace cram {

// As this agent runs it: with the variables of its node, and the run's default
// command. Errors: it cannot be read; a sub-job has no command.
absl::StatusOr<std::unique_ptr<ManifestReader>> OpenRunManifest(
    const Run& run, const std::string& path);

// Waits until the file system shows here what was added to the manifest in the
// run directory, and has the run use that.
class GrowingManifest {
 public:
  // `run` outlives it. `grown` is called when run->manifest is another one; the
  // old one is there until it returns.
  GrowingManifest(Run* run, std::function<void()> grown)
      : run_(run), grown_(std::move(grown)) {}
  ~GrowingManifest() {
    if (timer_ != 0) run_->loop->Cancel(timer_);
  }

  // It has, or will have, this fingerprint. The last one counts.
  void Expect(uint32_t fingerprint);

 private:
  void Look();

  Run* run_;
  std::function<void()> grown_;
  uint32_t fingerprint_ = 0;
  Loop::TimerId timer_ = 0;
};

}  // namespace cram
