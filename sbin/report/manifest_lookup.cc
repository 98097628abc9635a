#include "sbin/report/manifest_lookup.h"

namespace cram {

absl::Status ManifestLookup::Open() {
  absl::StatusOr<std::unique_ptr<ManifestReader>> reader =
      ManifestReader::Open(run_.directory().manifest());
  if (!reader.ok()) return reader.status();
  for (const NodeRecords& node : run_.nodes()) {
    if (node.default_command.empty() || !node.earlier.empty()) continue;
    absl::Status status = (*reader)->SetDefaultCommand(node.default_command);
    if (!status.ok()) return status;
    break;
  }
  reader_ = *std::move(reader);
  return absl::OkStatus();
}

const SubJob* ManifestLookup::Get(uint64_t index) {
  if (!opened_) status_ = Open();
  opened_ = true;
  if (reader_ == nullptr) return nullptr;
  if (subjob_ && subjob_->index == index) return &*subjob_;
  subjob_.reset();
  absl::StatusOr<SubJob> subjob = reader_->Get(index);
  if (!subjob.ok()) {
    status_.Update(subjob.status());
    return nullptr;
  }
  subjob_ = *std::move(subjob);
  return &*subjob_;
}

}  // namespace cram
