#include "spank/agent/agent/run_manifest.h"

#include "absl/time/time.h"
#include "spank/agent/agent/surroundings.h"

namespace cram {
namespace {

constexpr absl::Duration kBetweenTries = absl::Milliseconds(500);

}  // namespace

absl::StatusOr<std::unique_ptr<ManifestReader>> OpenRunManifest(
    const Run& run, const std::string& path) {
  absl::StatusOr<std::unique_ptr<ManifestReader>> manifest =
      ManifestReader::Open(path);
  if (!manifest.ok()) return manifest;
  (*manifest)->SetVariables(RunVariables(run.step));
  absl::Status status;
  if (!run.options.default_command.empty()) {
    status = (*manifest)->SetDefaultCommand(run.options.default_command);
  }
  if (status.ok()) status = (*manifest)->CheckCommands();
  if (!status.ok()) return status;
  return manifest;
}

void GrowingManifest::Expect(uint32_t fingerprint) {
  fingerprint_ = fingerprint;
  Look();
}

void GrowingManifest::Look() {
  run_->loop->Cancel(timer_);
  absl::StatusOr<std::unique_ptr<ManifestReader>> grown =
      OpenRunManifest(*run_, run_->directory.manifest());
  if (!grown.ok() || (*grown)->fingerprint() != fingerprint_) {
    timer_ = run_->loop->After(kBetweenTries, [this] { Look(); });
    return;
  }
  std::unique_ptr<ManifestReader> old =
      std::exchange(run_->manifest, *std::move(grown));
  grown_();
}

}  // namespace cram
