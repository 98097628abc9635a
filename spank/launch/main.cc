// cram-launch: between srun (or sbatch) and the real thing. The plugin runs it
// in srun's own process, as the user, before anything is allocated. It checks
// all that can be checked, says what is wrong in one line and exits with 2, or
// becomes srun (or sbatch) once more with the arguments that start the run.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "pack/base/io.h"
#include "pack/base/run_options.h"
#include "pack/manifest/preflight.h"
#include "pack/resume/earlier_run.h"
#include "spank/launch/arguments.h"
#include "spank/launch/node_size.h"
#include "spank/launch/request.h"
#include "spank/view/view_library.h"

namespace cram {
namespace {

std::string Beside(absl::string_view path, absl::string_view name) {
  return absl::StrCat(path.substr(0, path.rfind('/') + 1), name);
}

absl::StatusOr<std::string> FindAgent(const std::string& launch) {
  std::string agent = Beside(launch, "cram-agent");
  if (access(agent.c_str(), X_OK) == 0) return agent;
  return ErrnoStatus("cannot run the agent", agent, errno);
}

// Options are checked under the names that the agent knows; the user typed
// --cram-mem for --mem.
absl::Status UnderUsersName(const absl::Status& status) {
  absl::string_view message = status.message();
  if (!absl::ConsumePrefix(&message, "--")) return status;
  return absl::Status(status.code(), absl::StrCat("--cram-", message));
}

// The words of the request, checked, with their paths made absolute: the agent
// may start in another directory.
absl::StatusOr<RunOptions> CheckOptions(LaunchRequest* request) {
  RunOptions options;
  for (auto& [name, value] : request->options) {
    absl::Status status = options.Set(name, value);
    if (!status.ok()) return UnderUsersName(status);
    if (name == "dir") value = options.dir;
  }
  if (request->has_manifest) {
    request->manifest = AbsolutePath(request->manifest);
  }
  return options;
}

// What the user left out is as it was in the earlier run.
absl::Status TakeFromEarlierRun(const std::string& run,
                                LaunchRequest* request) {
  absl::StatusOr<std::unique_ptr<EarlierRun>> earlier = EarlierRun::Open(run);
  if (!earlier.ok()) return earlier.status();
  // sbatch's run may wait for that one to end.
  if (request->program_name() == "srun") {
    absl::Status ended = (*earlier)->CheckEnded();
    if (!ended.ok()) return ended;
  }
  for (auto& [name, value] : request->options) {
    if (name == "resume") value = (*earlier)->directory().path();
  }
  if (!request->has_manifest) {
    request->manifest = (*earlier)->directory().manifest();
  }
  request->old_command = (*earlier)->default_command();
  return absl::OkStatus();
}

// An option may have come by the environment, where the job's own steps would
// find it again.
void ForgetOptionVariables() {
  std::vector<std::string> names;
  for (char** variable = environ; *variable; ++variable) {
    absl::string_view name = *variable;
    name = name.substr(0, name.find('='));
    if (absl::StrContains(name, "_SLURM_SPANK_OPTION_cram_")) {
      names.emplace_back(name);
    }
  }
  for (const std::string& name : names) unsetenv(name.c_str());
}

absl::StatusOr<std::vector<std::string>> Prepare(const std::string& launch,
                                                 LaunchRequest request) {
  const bool is_sbatch = request.program_name() == "sbatch";
  const bool in_allocation = !is_sbatch && getenv("SLURM_JOB_ID");
  absl::Status use = CheckUse(request, !is_sbatch && getenv("SLURM_HET_SIZE"),
                              is_sbatch && ScriptOnStdin());
  if (!use.ok()) return use;
  absl::StatusOr<RunOptions> options = CheckOptions(&request);
  if (!options.ok()) return options.status();
  if (!options->resume.empty()) {
    absl::Status status = TakeFromEarlierRun(options->resume, &request);
    if (!status.ok()) return WithContext("--cram-resume", status);
  }
  absl::StatusOr<std::string> agent = FindAgent(launch);
  if (!agent.ok()) return agent.status();
  if (options->view) {
    absl::Status found = FindViewLibrary(launch).status();
    if (!found.ok()) return UnderUsersName(found);
  }
  NodeSize largest;
  if (!request.HasOption("clusters", 'M')) {  // else nobody here knows
    largest = FindNodeSize(in_allocation, Beside(request.program, "sinfo"));
  }
  auto manifest =
      Preflight(request.manifest, *options, request.Command(), largest);
  if (!manifest.ok()) return UnderUsersName(manifest.status());

  const char* name_variable = is_sbatch ? "SBATCH_JOB_NAME" : "SLURM_JOB_NAME";
  std::string job_name;
  if (in_allocation || !getenv(name_variable)) {
    job_name = JobNameFor(request.manifest);
  }
  ForgetOptionVariables();
  request.on_terminal = isatty(STDERR_FILENO) == 1;
  if (!is_sbatch) return BuildSrunArguments(request, *agent, job_name);
  return BuildSbatchArguments(request, Beside(request.program, "srun"),
                              job_name);
}

int Main(const std::vector<std::string>& words) {
  absl::StatusOr<LaunchRequest> request = ParseRequest(words);
  absl::StatusOr<std::vector<std::string>> arguments =
      request.ok() ? Prepare(words[0], *request)
                   : absl::StatusOr<std::vector<std::string>>(request.status());
  if (!arguments.ok()) {
    fprintf(stderr, "cram: %s\n",
            std::string(arguments.status().message()).c_str());
    return 2;
  }
  std::vector<char*> argv;
  for (std::string& word : *arguments) argv.push_back(word.data());
  argv.push_back(nullptr);
  execv(request->program.c_str(), argv.data());
  fprintf(stderr, "cram: cannot run %s: %s\n", request->program.c_str(),
          strerror(errno));
  return 2;
}

}  // namespace
}  // namespace cram

int main(int argc, char** argv) {
  return cram::Main(std::vector<std::string>(argv, argv + argc));
}
