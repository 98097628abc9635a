// cram run m.pb [run options] [-- COMMAND ARG...]
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "sbin/cram/run_option_words.h"

namespace cram {

struct RunRequest {
  std::string manifest;  // empty: that of the run to resume
  RunOptionWords options;
  std::vector<std::string> command;  // what follows "--"
};

void DefineRunCommand(CLI::App* command, RunRequest* request);

// Checks all that can be checked and becomes the agent, so that its exit status
// is ours. Returns only an error.
absl::Status RunManifest(RunRequest request);

}  // namespace cram
