// Where the standard output and error of a sub-job go.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "pack/base/run_options.h"
#include "pack/manifest/subjob.h"

namespace cram {

struct Destination {
  enum class Kind { kPacked, kNull, kInherited, kFile };
  Kind kind = Kind::kPacked;
  std::string path;  // kFile: absolute, or relative to the agent's directory
};

// A file name of the manifest's: absolute, or below the sub-job's working
// directory.
std::string FilePath(const SubJob& subjob, const std::string& name);

struct Destinations {
  Destination out, err;
};

// The manifest's own names come first, then the run's mode:
//   packed  both into the node's packed output
//   rank0   cram.<index>.out and .err in the sub-job's directory
//   all     cram.<index>.<rank>.out and .err there
//   none    /dev/null
//   system  the agent's own, which srun forwards
//   else    a file for both, named by the template
// Relative names are below the sub-job's working directory.
absl::StatusOr<Destinations> FindDestinations(const SubJob& subjob,
                                              const RunOptions& options);

}  // namespace cram
