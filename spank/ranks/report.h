// What the process that starts a sub-job's ranks tells the agent besides its
// own exit status: which rank ended the world, or what could not be started.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace cram {

struct RankReport {
  std::optional<uint32_t> rank;  // whose end was the end of all
  // What could not be done ("run ./model"), and the errno; empty: it ran.
  std::string failed_step;
  int error = 0;
  // Of a world of several nodes, at its hub: the part that was lost first.
  std::optional<uint32_t> lost_part;
  uint16_t port = 0;  // where the hub listens; said at its start. 0: not said
  // Of the ranks on this node, in their order; said when all have started.
  std::vector<pid_t> pids;

  // Lines of "NAME VALUE". One may be told in several texts, one after the
  // other.
  std::string ToText() const;
  // The writer is in the sub-job's hands: whatever it wrote is taken for what
  // it can be taken for.
  static RankReport Parse(absl::string_view text);
};

// Where the writer finds it open, empty, for writing.
inline constexpr int kRankReportFd = 3;
inline constexpr size_t kLongestRankReport = 64 << 10;

}  // namespace cram
