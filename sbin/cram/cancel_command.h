// cram cancel: ends sub-jobs of a running run, and no others.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace CLI {
class App;
}

namespace cram {

struct CancelRequest {
  std::string run;      // as FindRun takes it
  std::string indexes;  // "3,10-20"
};

void DefineCancelCommand(CLI::App* command, CancelRequest* request);

// Waits until the agents have heard it and what ran has ended, and says what
// was done.
absl::Status CancelSubJobs(const CancelRequest& request);

}  // namespace cram
