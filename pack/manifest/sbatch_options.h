// The options of sbatch 22.05.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cram {

// Options that mean something here and have no letter, which stands for any
// other.
enum {
  kSbatchMem = 256,
  kSbatchMemPerCpu,
  kSbatchExport,
  kSbatchTasksPerNode,
  kSbatchWrap,
  kSbatchOther,  // says nothing of a sub-job, or is unknown
};

struct SbatchOption {
  int option;
  std::string name;   // "--mem", "-c"
  std::string value;  // empty when it has none
};

// Of the text behind #SBATCH, with its quotes, abbreviations and comments.
// Errors: what sbatch would refuse; a heterogeneous job.
absl::StatusOr<std::vector<SbatchOption>> ParseSbatchOptions(
    absl::string_view line);

}  // namespace cram
