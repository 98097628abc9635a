// The agent's command line. It is written by cram-launch and `cram run`, not
// by people.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "pack/base/run_options.h"

namespace cram {

struct AgentOptions {
  std::string manifest;  // absolute
  RunOptions run;
  bool terminal = false;  // standard error is shown on a terminal
  bool alone = false;     // by `cram run`: no part of the step around it
  std::vector<std::string> default_command;
  // By the plugin, after all of a step was killed: only clean up what it left
  // since then.
  std::optional<absl::Time> sweep;

  // --manifest=FILE [--terminal] [--alone]
  // [--NAME=VALUE of kRunOptions ...] [-- COMMAND ARG...]
  // or --sweep=SECONDS since 1970
  static absl::StatusOr<AgentOptions> Parse(int argc, char** argv);
};

}  // namespace cram
