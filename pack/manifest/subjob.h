// One sub-job as it will run: every placeholder filled in.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "pack/base/mem_mode.h"
#include "pack/base/mpi.h"

namespace cram {

struct SubJob {
  struct EnvChange {
    std::string name;
    std::optional<std::string> value;  // none: remove the variable
  };

  uint64_t index = 0;
  std::string name;  // may be empty
  // Empty only when the sub-job names no command and the reader was given no
  // default: ManifestReader::CheckCommands finds those.
  std::vector<std::string> argv;
  // When it runs a script that is in the manifest: what that is called and its
  // arguments, and its text; argv is how it gets there.
  std::vector<std::string> script;
  std::string script_text;
  std::string cwd;             // empty: where the agent was started
  std::vector<EnvChange> env;  // in order; later ones win
  std::string stdin_path;      // empty: /dev/null
  std::string stdout_path;     // empty: as the run's output mode says
  std::string stderr_path;
  uint32_t ranks = 1;
  Mpi mpi = Mpi::kUnsaid;
  // Of each rank; 0: the node's CPUs / slots, with several ranks 1.
  uint32_t cpus = 0;
  uint64_t memory_bytes = 0;  // 0: the node's budget / slots
  MemMode mem_mode = MemMode::kCgroup;
  absl::Duration time_limit = absl::InfiniteDuration();
  std::string retry_codes;  // as RetryCodes::Parse takes it; empty: all
  std::vector<std::pair<std::string, std::string>> params;  // name, value
  // Places in params of those that neither argv nor cwd, env or stdin_path
  // shows: the sub-job has them from its environment only.
  std::vector<size_t> hidden_params;
};

}  // namespace cram
