#include "pack/resume/what_is_left.h"

#include "pack/resume/remainder.h"

namespace cram {

absl::StatusOr<WhatIsLeft> WriteWhatIsLeft(EarlierRun* run,
                                           const std::string& path) {
  IndexSet left(IndexRange{0, run->manifest()->size()});
  absl::Status status =
      run->ForEachCompleted([&left](const EarlierRun::Completed& one) {
        left.Remove(one.ended.index());
      });
  if (!status.ok()) return status;
  WhatIsLeft written;
  written.subjobs = left.size();
  if (left.empty()) return written;
  absl::StatusOr<std::unique_ptr<ManifestWriter>> writer =
      ManifestWriter::Create(path);
  if (!writer.ok()) return writer.status();
  IndexSet first = left.Take(run->cut_off());
  for (const IndexSet& part : {first, left}) {
    if (part.empty()) continue;
    status = CopySubJobs(run->manifest(), run->default_command(), part,
                         writer->get());
    if (!status.ok()) return status;
  }
  absl::StatusOr<uint64_t> bytes = (*writer)->Finish();
  if (!bytes.ok()) return bytes.status();
  written.bytes = *bytes;
  return written;
}

}  // namespace cram
