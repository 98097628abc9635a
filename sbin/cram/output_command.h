// cram output RUNDIR|JOBID INDEX [--stderr] [--attempt K]
#pragma once

#include <stdint.h>

#include <optional>
#include <string>

#include "absl/status/status.h"

namespace CLI {
class App;
}

namespace cram {

struct OutputRequest {
  std::string run;  // as FindRun takes it
  uint64_t index = 0;
  bool standard_error = false;
  std::optional<uint32_t> attempt;  // none: the last one
};

// Gives the command its arguments.
void DefineOutputCommand(CLI::App* command, OutputRequest* request);

// Writes the raw bytes to standard output. Errors: no such run or sub-job
// (OUT_OF_RANGE), it has not run, its output was not packed, or a part of it
// is lost (what is there was written).
absl::Status PrintOutput(const OutputRequest& request);

}  // namespace cram
