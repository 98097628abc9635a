// Tasks ascend, are counted, and survive as sweeps.
#include "pack/manifest/array_tasks.h"

#include "pack/manifest/sweep.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  absl::StatusOr<cram::ArrayTasks> tasks =
      cram::ArrayTasks::Parse(cram::TextOf(data, size));
  if (!tasks.ok()) return 0;
  REQUIRE(!tasks->ranges.empty() && tasks->min() <= tasks->max());
  uint64_t count = 0;
  for (size_t i = 0; i < tasks->ranges.size(); ++i) {
    const cram::ArrayTasks::Range& range = tasks->ranges[i];
    REQUIRE(range.count > 0 && range.step > 0);
    REQUIRE(i == 0 || tasks->ranges[i - 1].last() < range.first);
    count += range.count;
  }
  REQUIRE(count == tasks->count);
  for (const cram::Axis& axis : tasks->ToAxes("task")) {
    cram::Sweep sweep;
    *sweep.add_axes() = axis;
    std::string bytes = sweep.SerializeAsString();
    absl::StatusOr<cram::SweepTable> table = cram::SweepTable::Parse(bytes);
    REQUIRE(table.ok());
    count -= table->size();
  }
  REQUIRE(count == 0);
  return 0;
}
