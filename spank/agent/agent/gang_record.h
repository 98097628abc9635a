// The one record of a sub-job that ran on several nodes.
#pragma once

#include <stdint.h>

#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "pack/journal/journal.pb.h"
#include "spank/agent/gang/gang.h"

namespace cram {

struct GangEnd {
  Gang gang;
  std::vector<std::optional<Ended>> parts;  // what their nodes say of them
  absl::Time start, end;
  bool node_lost = false;
  // The hub did not hear of it any more, while it knew of no other end.
  std::optional<uint32_t> lost_part;
  bool cancelled_by_user = false;  // from here
};

// Complete but for will_retry. Memory goes first, wherever it was; then what
// the first part says, which speaks for all ranks; if one is missing without a
// word, its node was lost. Peak: the largest node's. CPU time: all nodes'.
Ended GangRecord(const GangEnd& end);

}  // namespace cram
