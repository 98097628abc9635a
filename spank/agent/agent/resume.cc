#include "spank/agent/agent/resume.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "pack/resume/carry_over.h"
#include "pack/resume/earlier_run.h"

namespace cram {
namespace {

// A reader for content hashes: without the variables of this node.
absl::StatusOr<std::unique_ptr<ManifestReader>> OpenPlain(
    const AgentOptions& options) {
  absl::StatusOr<std::unique_ptr<ManifestReader>> manifest =
      ManifestReader::Open(options.manifest);
  if (!manifest.ok() || options.default_command.empty()) return manifest;
  absl::Status status = (*manifest)->SetDefaultCommand(options.default_command);
  if (!status.ok()) return status;
  return manifest;
}

}  // namespace

absl::Status Resume(Run* run) {
  const std::string& from = run->options.run.resume;
  // Whether there was a run before a restart is for one to see: nodes that see
  // it differently would run the same.
  if (from.empty() && run->step.restarts == 0) return absl::OkStatus();
  run->left.emplace();
  // One reads the old records, not every node.
  if (run->step.node_id != 0) return absl::OkStatus();
  if (from.empty()) {
    run->left.emplace(IndexRange{0, run->manifest->size()});
    return absl::OkStatus();
  }
  absl::StatusOr<std::unique_ptr<EarlierRun>> earlier = EarlierRun::Open(from);
  if (!earlier.ok()) return earlier.status();
  if (run->step.restarts == 0) {
    absl::Status status = (*earlier)->CheckEnded();
    if (!status.ok()) return status;
  }
  absl::StatusOr<std::unique_ptr<ManifestReader>> manifest =
      OpenPlain(run->options);
  if (!manifest.ok()) return manifest.status();
  bool same_command =
      (*earlier)->default_command() == run->options.default_command;
  absl::StatusOr<CarriedOver> carried =
      CarryOver(earlier->get(), manifest->get(), same_command, run->directory);
  for (const std::string& warning : (*earlier)->warnings()) run->Say(warning);
  if (!carried.ok()) return carried.status();
  run->Say(absl::StrCat(
      "goes on with ", (*earlier)->directory().path(), ": ", carried->completed,
      carried->completed == 1 ? " sub-job" : " sub-jobs", " completed there, ",
      carried->left.empty() ? "nothing is left to do"
                            : absl::StrCat(carried->left.size(), " to run")));
  run->completed_before = carried->completed;
  run->left.emplace(std::move(carried->left));
  run->left_first = std::move(carried->cut_off);
  return absl::OkStatus();
}

std::string RunBeforeRestart(const Step& step, const std::string& parent) {
  absl::string_view first = step.run_id;
  first.remove_suffix(absl::StrCat(".r", step.restarts).size());
  for (uint32_t restart = step.restarts; restart-- > 0;) {
    std::string id(first);
    if (restart > 0) absl::StrAppend(&id, ".r", restart);
    RunDirectory run = RunDirectoryFor(parent, id);
    if (access(run.manifest().c_str(), F_OK) == 0) return run.path();
  }
  return "";
}

}  // namespace cram
