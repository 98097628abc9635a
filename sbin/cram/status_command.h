// cram status: where a run stands.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace CLI {
class App;
}

namespace cram {

struct StatusRequest {
  std::string run;  // as FindRun takes it
  bool json = false;
  double watch_seconds = 0;  // 0: once
};

void DefineStatusCommand(CLI::App* command, StatusRequest* request);

// It reads the run directory and asks nobody, so that it works for everybody
// who may read that, also when the run's agents are gone, and holds up nobody.
absl::Status PrintStatus(const StatusRequest& request);

}  // namespace cram
