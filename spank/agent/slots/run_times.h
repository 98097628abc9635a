// How long a sub-job that says nothing may take, from those that ran before it.
#pragma once

#include <stddef.h>

#include <vector>

#include "absl/time/time.h"

namespace cram {

// The longest of the last hundred that completed on this node: sub-jobs of one
// run are alike, and of a few that are long one is among a hundred.
class RunTimes {
 public:
  void Completed(absl::Duration length);

  // Zero while nothing is known.
  absl::Duration Expected() const;

 private:
  std::vector<absl::Duration> last_;
  size_t next_ = 0;  // the oldest, which the next one replaces
};

}  // namespace cram
