#include "spank/agent/agent/make_run_directory.h"

#include <filesystem>
#include <string>
#include <system_error>

#include "pack/base/io.h"
#include "spank/agent/agent/resume.h"

namespace cram {
namespace {

// In one step: who goes on with this run, or is requeued, finds all of it or
// none. Error: there is one already.
absl::Status CopyManifest(const std::string& from, const std::string& to) {
  std::string part = to + ".new";
  std::error_code error;
  if (std::filesystem::exists(to, error)) {
    error = std::make_error_code(std::errc::file_exists);
  }
  if (!error) {
    std::filesystem::copy_file(
        from, part, std::filesystem::copy_options::overwrite_existing, error);
  }
  if (!error) std::filesystem::rename(part, to, error);
  if (!error) return absl::OkStatus();
  absl::Status status = ErrnoStatus("copy manifest to", to, error.value());
  std::filesystem::remove(part, error);
  return status;
}

}  // namespace

RunDirectory RunDirectoryOf(const AgentOptions& options, const Step& step) {
  std::string parent = options.run.dir;
  if (parent.empty()) parent = AbsolutePath(".");
  return RunDirectoryFor(
      std::filesystem::path(parent).lexically_normal().string(), step.run_id);
}

absl::Status MakeRunDirectory(Run* run) {
  run->directory = RunDirectoryOf(run->options, run->step);
  if (run->step.restarts > 0) {
    std::string before = RunBeforeRestart(
        run->step,
        std::filesystem::path(run->directory.path()).parent_path().string());
    if (!before.empty()) run->options.run.resume = before;
  }
  std::error_code error;
  std::filesystem::create_directories(run->directory.path(), error);
  if (error) {
    return ErrnoStatus("create run directory", run->directory.path(),
                       error.value());
  }
  if (run->step.node_id != 0) return absl::OkStatus();
  absl::Status copied =
      CopyManifest(run->options.manifest, run->directory.manifest());
  if (!copied.ok()) return copied;
  // Only a convenience: cramacct also takes the directory.
  (void)RememberRun(run->step.run_id, run->directory.path());
  return absl::OkStatus();
}

}  // namespace cram
