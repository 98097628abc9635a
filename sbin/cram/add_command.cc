#include "sbin/cram/add_command.h"

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "pack/base/index_set.h"
#include "pack/manifest/reader.h"
#include "pack/manifest/writer.h"
#include "sbin/cram/live_run.h"
#include "sbin/cram/print.h"

namespace cram {
namespace {

// Whether it is one, and whether its sub-jobs have commands.
absl::Status CheckManifest(const std::string& path, const Run& run) {
  absl::StatusOr<std::unique_ptr<ManifestReader>> manifest =
      ManifestReader::Open(path);
  if (!manifest.ok()) return manifest.status();
  absl::Status status;
  const std::vector<std::string>& command = run.nodes()[0].default_command;
  if (!command.empty()) status = (*manifest)->SetDefaultCommand(command);
  if (status.ok()) status = (*manifest)->CheckCommands();
  return status;
}

// Returns how many sub-jobs there were.
absl::StatusOr<uint64_t> Grow(const std::string& path,
                              const std::string& more) {
  absl::StatusOr<std::unique_ptr<ManifestWriter>> writer =
      ManifestWriter::AddTo(path);
  if (!writer.ok()) return writer.status();
  uint64_t before = (*writer)->subjobs();
  absl::Status status = (*writer)->AddManifest(more);
  if (status.ok()) status = (*writer)->Finish().status();
  if (!status.ok()) return status;
  return before;
}

}  // namespace

void DefineAddCommand(CLI::App* command, AddRequest* request) {
  command
      ->add_option("RUN", request->run,
                   "run directory, or id of the job or of the run")
      ->required();
  command
      ->add_option("MANIFEST", request->manifest,
                   "what to run as well, as cram pack writes it")
      ->required();
}

absl::Status AddSubJobs(const AddRequest& request) {
  absl::StatusOr<RunDirectory> directory = FindRun(request.run);
  if (!directory.ok()) return directory.status();
  absl::StatusOr<std::unique_ptr<Run>> run = LoadLive(*directory);
  if (!run.ok()) return run.status();
  absl::Status status = CheckManifest(request.manifest, **run);
  if (!status.ok()) return status;
  absl::StatusOr<uint64_t> before =
      Grow(directory->manifest(), request.manifest);
  if (!before.ok()) return before.status();
  absl::StatusOr<std::unique_ptr<ManifestReader>> all =
      ManifestReader::Open(directory->manifest());
  if (!all.ok()) return all.status();
  Request asked;
  asked.mutable_add()->set_subjobs((*all)->size());
  asked.mutable_add()->set_manifest_crc32((*all)->fingerprint());
  run = AskAgents(*directory, asked);
  if (!run.ok()) {
    return absl::Status(
        run.status().code(),
        absl::StrCat(run.status().message(),
                     "; what was added is run when it is resumed"));
  }
  return Print(absl::StrCat(
      (*run)->id(), ": added ", (*all)->size() - *before, " sub-jobs: ",
      IndexSet(IndexRange{*before, (*all)->size()}).ToString(), "\n"));
}

}  // namespace cram
