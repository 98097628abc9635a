// cram info m.pb [-j INDEX | -a | --check] [--json]
#pragma once

#include <stdint.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "sbin/cram/run_option_words.h"

namespace cram {

struct InfoRequest {
  std::string manifest;
  std::optional<uint64_t> index;
  bool all = false;
  bool json = false;
  bool check = false;
  RunOptionWords options;            // with check
  std::vector<std::string> command;  // what follows "--"
};

void DefineInfoCommand(CLI::App* command, InfoRequest* request);

// Says what the manifest holds, on standard output. With `check` it says
// nothing, and what is wrong is the error.
absl::Status PrintInfo(const InfoRequest& request);

}  // namespace cram
