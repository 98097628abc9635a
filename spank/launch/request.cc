#include "spank/launch/request.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace cram {
namespace {

absl::Status Refuse(absl::string_view why) {
  return absl::InvalidArgumentError(why);
}

absl::Status CheckSbatch(const LaunchRequest& request, bool script_on_stdin) {
  const auto& words = request.argv;
  if (std::none_of(words.begin(), words.end(), [](const std::string& word) {
        return absl::StartsWith(word, "--cram");
      })) {
    return Refuse(
        "--cram cannot be an #SBATCH line or a variable for sbatch; call srun "
        "--cram=FILE in the script");
  }
  if (script_on_stdin || request.command < request.argv.size() ||
      request.HasOption("wrap")) {
    return Refuse(
        "sbatch --cram=FILE makes its own script; leave yours out, or call "
        "srun --cram=FILE in it");
  }
  return absl::OkStatus();
}

}  // namespace

std::string LaunchRequest::program_name() const {
  return program.substr(program.rfind('/') + 1);
}

std::vector<std::string> LaunchRequest::OptionWords() const {
  std::vector<std::string> words(argv.begin() + 1, argv.begin() + command);
  if (!words.empty() && words.back() == "--") words.pop_back();
  return words;
}

bool LaunchRequest::HasOption(absl::string_view name, char letter) const {
  for (const std::string& word : OptionWords()) {
    absl::string_view given = word;
    if (!absl::ConsumePrefix(&given, "--")) {
      if (letter && word.size() > 1 && word[0] == '-' && word[1] == letter) {
        return true;
      }
      continue;
    }
    // Slurm has refused what abbreviates more than one option.
    given = given.substr(0, given.find('='));
    if (!given.empty() && absl::StartsWith(name, given)) return true;
  }
  return false;
}

std::vector<std::string> LaunchRequest::Command() const {
  if (command == argv.size()) return old_command;
  return std::vector<std::string>(argv.begin() + command, argv.end());
}

absl::StatusOr<LaunchRequest> ParseRequest(
    const std::vector<std::string>& words) {
  const absl::Status misused = absl::InvalidArgumentError(
      "cram-launch is run by the Slurm plugin; type srun --cram=FILE");
  LaunchRequest request;
  if (words.size() < 4) return misused;
  request.program = words[1];
  size_t i = 3;
  for (; i < words.size() && words[i] != "--"; ++i) {
    const size_t equals = words[i].find('=');
    if (equals == std::string::npos) return misused;
    absl::string_view name = absl::string_view(words[i]).substr(0, equals);
    std::string value = words[i].substr(equals + 1);
    if (name == "cram") {
      request.has_manifest = true;
      request.manifest = std::move(value);
    } else if (absl::ConsumePrefix(&name, "cram-")) {
      request.options.emplace_back(name, std::move(value));
    } else {
      return misused;
    }
  }
  if (i >= words.size()) return misused;
  request.argv.assign(words.begin() + i + 1, words.end());
  if (!absl::SimpleAtoi(words[2], &request.command) || request.command == 0 ||
      request.command > request.argv.size()) {
    return misused;
  }
  return request;
}

absl::Status CheckUse(const LaunchRequest& request, bool in_het_job,
                      bool script_on_stdin) {
  const std::string name = request.program_name();
  if (name != "srun" && name != "sbatch") {
    return Refuse(absl::StrCat(name,
                               " takes no --cram options; use srun --cram=FILE "
                               "inside of the allocation"));
  }
  const bool resumes =
      std::any_of(request.options.begin(), request.options.end(),
                  [](const auto& option) { return option.first == "resume"; });
  if (!request.has_manifest && !resumes) {
    return Refuse(absl::StrCat("--cram-", request.options.front().first,
                               " needs --cram=FILE"));
  }
  if (request.has_manifest && request.manifest.empty())
    return Refuse("--cram needs a file name");
  // Slurm, too, takes a lone colon for the next component wherever it stands.
  if (in_het_job || std::count(request.argv.begin(), request.argv.end(), ":") ||
      request.HasOption("het-group") || request.HasOption("pack-group")) {
    return Refuse("--cram does not go together with a heterogeneous job");
  }
  if (name == "sbatch") return CheckSbatch(request, script_on_stdin);
  if (request.HasOption("multi-prog")) {
    return Refuse("--cram does not go together with --multi-prog");
  }
  return absl::OkStatus();
}

bool ScriptOnStdin() {
  struct stat status;
  char start[2] = {0, 0};
  if (fstat(STDIN_FILENO, &status) != 0) return false;
  if (S_ISREG(status.st_mode)) {
    const off_t offset = lseek(STDIN_FILENO, 0, SEEK_CUR);
    if (offset < 0 || pread(STDIN_FILENO, start, 2, offset) != 2) return false;
  } else if (S_ISFIFO(status.st_mode)) {
    // tee(2) copies without taking: a loop's list of manifests stays whole.
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    if (tee(STDIN_FILENO, ends[1], 2, SPLICE_F_NONBLOCK) == 2 &&
        read(ends[0], start, 2) != 2) {
      start[0] = 0;
    }
    close(ends[0]);
    close(ends[1]);
  }
  return start[0] == '#' && start[1] == '!';
}

}  // namespace cram
