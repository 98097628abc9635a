// cram output RUNDIR|JOBID [INDEX] [--stderr] [--attempt K] [--rank R]
// [--label]
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
  std::string run;  // as FindRun takes it, or a sub-job's id: 12.0_17
  std::optional<uint64_t> index;  // none: it is in the id
  bool standard_error = false;
  std::optional<uint32_t> attempt;  // none: the last one
  std::optional<uint32_t> rank;     // none: all
  bool label = false;               // the rank before each line
};

// Gives the command its arguments.
void DefineOutputCommand(CLI::App* command, OutputRequest* request);

// Writes the bytes to standard output, those of several ranks line by line.
// Errors: no such run, sub-job or rank (OUT_OF_RANGE), none named, it has not
// run, its output was not packed, or a part of it is lost (what is there was
// written).
absl::Status PrintOutput(OutputRequest request);

}  // namespace cram
