// cram remainder RUN -o rest.pb
#pragma once

#include <string>

#include "absl/status/status.h"

namespace CLI {
class App;
}

namespace cram {

struct RemainderRequest {
  std::string run;  // as FindRun takes it
  std::string output;
};

void DefineRemainderCommand(CLI::App* command, RemainderRequest* request);

// Writes the sub-jobs that the run did not complete as a manifest. Errors: as
// EarlierRun::Open; the run is not over; nothing is left.
absl::Status WriteRemainder(const RemainderRequest& request);

}  // namespace cram
