#include "spank/agent/agent/lateness.h"

#include <sys/stat.h>

#include <algorithm>

namespace cram {

absl::Duration LatenessOf(const RunDirectory& run, uint32_t node) {
  struct stat first, own;
  if (stat(run.agent(0).c_str(), &first) != 0 ||
      stat(run.journal(node).c_str(), &own) != 0) {
    return absl::ZeroDuration();
  }
  return std::max(absl::ZeroDuration(),
                  absl::TimeFromTimespec(own.st_mtim) -
                      absl::TimeFromTimespec(first.st_mtim));
}

}  // namespace cram
