// cram cancel: ends sub-jobs of a running run, and no others.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace CLI {
class App;
}

namespace cram {

struct CancelRequest {
  std::string run;      // as FindRun takes it, or a sub-job's id: 12.0_17
  std::string indexes;  // "3,10-20"; empty: that of the id
};

void DefineCancelCommand(CLI::App* command, CancelRequest* request);

// Waits until the agents have heard it and what ran has ended, and says what
// was done.
absl::Status CancelSubJobs(CancelRequest request);

}  // namespace cram
