// cram pack -o m.pb [INPUT] [RESOURCES] [-- COMMAND ARG...]
#pragma once

#include <stdint.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace CLI {
class App;
}

namespace cram {

// As the user wrote it; nothing is checked yet.
struct PackRequest {
  std::string output;
  bool append = false;
  // Input: one of these, or none for a single sub-job.
  std::vector<std::string> params, zips, wheres;
  std::optional<uint64_t> sample;  // points of the params with distributions
  std::string design;
  std::optional<uint64_t> seed;
  std::string csv;
  std::string lines;
  bool shell = false;  // with lines
  std::string jsonl;
  std::vector<std::string> array;  // [RANGE] SCRIPT
  std::string from_cram;

  // Empty: not said.
  std::string ranks, mpi, cpus, mem, mem_mode, time, retry_codes;
  std::string cwd, standard_input, standard_output, standard_error, name;
  std::vector<std::string> env;  // NAME=VALUE

  std::optional<uint64_t> dry_run;   // how many sub-jobs to print
  std::vector<std::string> command;  // what follows "--"
};

void DefinePackCommand(CLI::App* command, PackRequest* request);

// Writes the manifest and says so in a line on standard output, with what a
// sample has been made by; or prints the first sub-jobs and writes nothing.
absl::Status PackManifest(const PackRequest& request);

}  // namespace cram
