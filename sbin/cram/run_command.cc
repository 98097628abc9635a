#include "sbin/cram/run_command.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"
#include "pack/manifest/preflight.h"
#include "pack/resume/earlier_run.h"

namespace cram {
namespace {

NodeSize ThisMachine() {
  NodeSize size;
  cpu_set_t cpus;
  if (sched_getaffinity(0, sizeof cpus, &cpus) == 0) {
    size.cpus = static_cast<uint32_t>(CPU_COUNT(&cpus));
    size.all_cpus = size.cpus;
  }
  size.memory_bytes = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) *
                      static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  return size;
}

// CRAM_AGENT of the environment, or where it was installed, seen from here.
absl::StatusOr<std::string> FindAgent() {
  const char* named = getenv("CRAM_AGENT");
  if (named != nullptr && *named != '\0') return std::string(named);
  char self[PATH_MAX];
  ssize_t size = readlink("/proc/self/exe", self, sizeof self);
  if (size < 0) return ErrnoStatus("readlink", "/proc/self/exe", errno);
  absl::string_view path(self, static_cast<size_t>(size));
  return absl::StrCat(path.substr(0, path.rfind('/') + 1), CRAM_AGENT_PATH);
}

// What the user left out is as it was in the earlier run.
absl::Status TakeFromEarlierRun(const std::string& run, RunRequest* request) {
  absl::StatusOr<std::unique_ptr<EarlierRun>> earlier = EarlierRun::Open(run);
  if (!earlier.ok()) return earlier.status();
  absl::Status ended = (*earlier)->CheckEnded();
  if (!ended.ok()) return ended;
  const RunDirectory& directory = (*earlier)->directory();
  request->options.Set("resume", directory.path());
  if (request->manifest.empty()) request->manifest = directory.manifest();
  if (request->command.empty()) {
    request->command = (*earlier)->default_command();
  }
  return absl::OkStatus();
}

}  // namespace

void DefineRunCommand(CLI::App* command, RunRequest* request) {
  command->add_option(
      "MANIFEST", request->manifest,
      "what to run; with --resume the manifest of that run, if left out");
  request->options.DefineOn(command);
  command->footer("COMMAND, which follows --, is for sub-jobs that name none");
}

absl::Status RunManifest(RunRequest request) {
  absl::StatusOr<RunOptions> options = request.options.Parse();
  if (!options.ok()) return options.status();
  if (!options->resume.empty()) {
    absl::Status taken = TakeFromEarlierRun(options->resume, &request);
    if (!taken.ok()) return WithContext("--resume", taken);
  }
  if (request.manifest.empty()) {
    return absl::InvalidArgumentError("MANIFEST is required");
  }
  absl::Status status =
      Preflight(request.manifest, *options, request.command, ThisMachine())
          .status();
  if (!status.ok()) return status;
  absl::StatusOr<std::string> agent = FindAgent();
  if (!agent.ok()) return agent.status();

  std::vector<std::string> words = {
      *agent, absl::StrCat("--manifest=", AbsolutePath(request.manifest)),
      "--alone"};
  if (isatty(STDERR_FILENO) == 1) words.push_back("--terminal");
  for (std::string& word : request.options.Arguments()) {
    words.push_back(std::move(word));
  }
  if (!request.command.empty()) words.push_back("--");
  words.insert(words.end(), request.command.begin(), request.command.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(&word[0]);
  argv.push_back(nullptr);
  execv(agent->c_str(), argv.data());
  return ErrnoStatus("cannot run the agent", *agent, errno);
}

}  // namespace cram
