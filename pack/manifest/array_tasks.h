// The tasks of a Slurm job array: "0-999999", "1,5,9-20:3%4".
#pragma once

#include <stdint.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pack/manifest/manifest.pb.h"

namespace cram {

// As slurmctld understands it (_parse_array_tok), but without MaxArraySize:
// tasks run in ascending order, and one that is there twice runs once.
struct ArrayTasks {
  struct Range {
    uint64_t first = 0;
    uint64_t step = 1;
    uint64_t count = 1;

    uint64_t last() const { return first + step * (count - 1); }
  };

  std::vector<Range> ranges;  // ascending, none reaches into the next
  uint64_t count = 0;
  // What SLURM_ARRAY_TASK_STEP is: behind the text's first colon, else 1.
  uint64_t step = 1;
  uint64_t limit = 0;  // behind %: at most so many at once; 0: none is given

  uint64_t min() const { return ranges.front().first; }
  uint64_t max() const { return ranges.back().last(); }

  static absl::StatusOr<ArrayTasks> Parse(absl::string_view text);

  // The same as axes called `name`, each of a sweep of its own, as few as do.
  std::vector<Axis> ToAxes(const std::string& name) const;
};

}  // namespace cram
