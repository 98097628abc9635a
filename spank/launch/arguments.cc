#include "spank/launch/arguments.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "pack/base/run_options.h"
#include "pack/base/shell_quote.h"

namespace cram {
namespace {

bool IsFlag(absl::string_view name) {
  for (const RunOption& option : kRunOptions) {
    if (option.name == name) return option.is_flag();
  }
  return false;
}

std::string OptionWord(absl::string_view prefix, absl::string_view name,
                       absl::string_view value) {
  if (IsFlag(name)) return absl::StrCat(prefix, name);
  return absl::StrCat(prefix, name, "=", value);
}

// How many words, beginning with `word`, are a --cram option; 0: none are.
// getopt takes abbreviations.
size_t CramWords(absl::string_view word) {
  absl::string_view name = word;
  if (!absl::ConsumePrefix(&name, "--")) return 0;
  const size_t equals = name.find('=');
  const bool has_value = equals != absl::string_view::npos;
  name = name.substr(0, equals);
  if (name == "cram") return has_value ? 1 : 2;
  if (!absl::ConsumePrefix(&name, "cram-")) return 0;
  for (const RunOption& option : kRunOptions) {
    if (absl::StartsWith(option.name, name)) {
      return has_value || option.is_flag() ? 1 : 2;
    }
  }
  return 0;
}

// argv[0], `job_name` when there is one, and the options that are not --cram's.
// The user's own --job-name comes later in the line than ours, and wins.
std::vector<std::string> SlurmWords(const LaunchRequest& request,
                                    const std::string& job_name) {
  std::vector<std::string> words = {request.argv[0]};
  if (!job_name.empty()) words.push_back(absl::StrCat("--job-name=", job_name));
  const std::vector<std::string> options = request.OptionWords();
  for (size_t i = 0; i < options.size();) {
    const size_t skip = CramWords(options[i]);
    if (skip == 0) words.push_back(options[i]);
    i += skip == 0 ? 1 : skip;
  }
  return words;
}

bool HasProgress(const LaunchRequest& request) {
  for (const auto& [name, value] : request.options) {
    if (name == "progress") return true;
  }
  return false;
}

}  // namespace

std::string JobNameFor(const std::string& manifest) {
  std::string name = manifest.substr(manifest.rfind('/') + 1);
  const size_t dot = name.rfind('.');
  return dot == 0 ? name : name.substr(0, dot);
}

std::vector<std::string> BuildSrunArguments(const LaunchRequest& request,
                                            const std::string& agent,
                                            const std::string& job_name) {
  std::vector<std::string> words = SlurmWords(request, job_name);
  // A node that goes down takes no other with it. The user's own word wins.
  words.insert(words.begin() + 1, "--no-kill");
  // For the plugin on the nodes.
  words.push_back(absl::StrCat("--cram=", request.manifest));
  // The agents need no MPI of Slurm's and all CPUs of the step. A node that is
  // done early, or an agent that dies, must not end the others. Ctrl-C goes to
  // the agents, which end the run in good order: without --disable-status srun
  // waits for a second one and then kills the step as well.
  for (const char* word :
       {"--mpi=none", "--cpu-bind=none", "--wait=0", "--kill-on-bad-exit=0",
        "--disable-status", "--input=none"}) {
    words.push_back(word);
  }
  // A line that is written over never ends: srun must not wait for its end.
  const bool live = request.on_terminal && HasProgress(request);
  if (live) words.push_back("--unbuffered");
  words.push_back(agent);
  words.push_back(absl::StrCat("--manifest=", request.manifest));
  if (live) words.push_back("--terminal");
  for (const auto& [name, value] : request.options) {
    words.push_back(OptionWord("--", name, value));
  }
  const std::vector<std::string> command = request.Command();
  if (!command.empty()) words.push_back("--");
  words.insert(words.end(), command.begin(), command.end());
  return words;
}

std::vector<std::string> BuildSbatchArguments(const LaunchRequest& request,
                                              const std::string& srun,
                                              const std::string& job_name) {
  std::vector<std::string> words = SlurmWords(request, job_name);
  std::vector<std::string> step = {srun,
                                   absl::StrCat("--cram=", request.manifest)};
  for (const auto& [name, value] : request.options) {
    step.push_back(OptionWord("--cram-", name, value));
  }
  words.push_back(absl::StrCat("--wrap=exec ", ShellJoin(step)));
  return words;
}

}  // namespace cram
