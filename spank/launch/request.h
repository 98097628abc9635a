// What the plugin hands to cram-launch, and whether it can be meant.
#pragma once

#include <stddef.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cram {

// A command line of srun, sbatch or salloc that has a --cram option.
struct LaunchRequest {
  std::string program;  // path of the running binary
  size_t command = 0;   // index in `argv` where options end
  std::vector<std::string> argv;
  bool has_manifest = false;
  std::string manifest;  // as the user wrote it
  // Names as in kRunOptions, words as the user wrote them.
  std::vector<std::pair<std::string, std::string>> options;
  std::vector<std::string> old_command;  // of the run that it goes on with
  bool on_terminal = false;              // the user's standard error is one

  std::string program_name() const;  // "srun"
  // Options before the command, without argv[0] and a closing "--".
  std::vector<std::string> OptionWords() const;
  // Whether an option is among them, by its long name, perhaps abbreviated, or
  // its letter.
  bool HasOption(absl::string_view name, char letter = '\0') const;
  // The user's command, or else the old one; often empty.
  std::vector<std::string> Command() const;
};

// From "cram-launch PROGRAM COMMAND-INDEX [OPTION=WORD]... -- ARGUMENT...",
// the protocol with spank/plugin.
absl::StatusOr<LaunchRequest> ParseRequest(
    const std::vector<std::string>& words);

// Refuses what --cram does not go together with. `in_het_job`: this runs
// within a heterogeneous allocation. `script_on_stdin`: sbatch was given a
// script that way.
absl::Status CheckUse(const LaunchRequest& request, bool in_het_job,
                      bool script_on_stdin);

// Whether standard input begins with "#!". Reads nothing from it.
bool ScriptOnStdin();

}  // namespace cram
