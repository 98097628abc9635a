#include "sbin/cram/remainder_command.h"

#include <stdio.h>

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"
#include "pack/resume/earlier_run.h"
#include "pack/resume/remainder.h"
#include "sbin/cram/print.h"

namespace cram {

void DefineRemainderCommand(CLI::App* command, RemainderRequest* request) {
  command
      ->add_option("RUN", request->run,
                   "run directory, or id of the job or of the run")
      ->required();
  command->add_option("-o,--output", request->output, "the manifest to write")
      ->type_name("FILE")
      ->required();
}

absl::Status WriteRemainder(const RemainderRequest& request) {
  absl::StatusOr<std::unique_ptr<EarlierRun>> run =
      EarlierRun::Open(request.run);
  if (!run.ok()) return run.status();
  absl::Status status = (*run)->CheckEnded();
  if (!status.ok()) return status;
  ManifestReader* manifest = (*run)->manifest();
  IndexSet left(IndexRange{0, manifest->size()});
  status = (*run)->ForEachCompleted([&](const EarlierRun::Completed& one) {
    left.Remove(one.ended.index());
  });
  for (const std::string& warning : (*run)->warnings()) {
    fprintf(stderr, "cram: %s\n", warning.c_str());
  }
  if (!status.ok()) return status;
  if (left.empty()) {
    return absl::NotFoundError(absl::StrCat(
        (*run)->directory().path(), ": all sub-jobs completed; none is left"));
  }
  absl::StatusOr<std::unique_ptr<ManifestWriter>> writer =
      ManifestWriter::Create(request.output);
  if (!writer.ok()) return writer.status();
  // Those that were cut off are the long ones.
  uint64_t size = left.size();
  IndexSet first = left.Take((*run)->cut_off());
  for (const IndexSet& part : {first, left}) {
    if (part.empty() || !status.ok()) continue;
    status =
        CopySubJobs(manifest, (*run)->default_command(), part, writer->get());
  }
  if (!status.ok()) return status;
  absl::StatusOr<uint64_t> bytes = (*writer)->Finish();
  if (!bytes.ok()) return bytes.status();
  return Print(absl::StrCat(request.output, ": ", size, " of ",
                            manifest->size(), " sub-jobs, from index 0 on; ",
                            *bytes, " bytes\n"));
}

}  // namespace cram
