// cram add: more sub-jobs for a running run.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace CLI {
class App;
}

namespace cram {

struct AddRequest {
  std::string run;  // as FindRun takes it
  std::string manifest;
};

void DefineAddCommand(CLI::App* command, AddRequest* request);

// The run directory's manifest grows by that one; then the agents are told, and
// have heard it when this returns.
absl::Status AddSubJobs(const AddRequest& request);

}  // namespace cram
