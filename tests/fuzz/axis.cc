// What people write becomes a sweep that the reader of manifests takes. Input:
// an axis a line, and names to zip on lines without '='.
#include "pack/manifest/axis.h"

#include "absl/strings/str_split.h"
#include "pack/manifest/sweep.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  cram::Sweep sweep;
  for (absl::string_view line :
       absl::StrSplit(cram::TextOf(data, size), '\n')) {
    if (line.find('=') == absl::string_view::npos) {
      if (!cram::ZipAxes(line, &sweep).ok()) return 0;
      continue;
    }
    // Not =@FILE: any file of this machine.
    if (line.find('@') != absl::string_view::npos) return 0;
    absl::StatusOr<cram::Axis> axis = cram::ParseAxis(line);
    if (!axis.ok()) return 0;
    *sweep.add_axes() = *std::move(axis);
  }
  // Of any size, design and seed; only sampled axes look at it.
  sweep.mutable_sample()->set_size(size);
  sweep.mutable_sample()->set_design(
      static_cast<cram::Sample::Design>(size % 3));
  sweep.mutable_sample()->set_seed(data[0]);
  std::string bytes = sweep.SerializeAsString();
  absl::StatusOr<cram::SweepTable> table = cram::SweepTable::Parse(bytes);
  if (!table.ok()) return 0;
  REQUIRE(table->size() > 0);
  std::vector<std::string> first, last;
  table->Values(0, &first);
  table->Values(table->size() - 1, &last);
  REQUIRE(first.size() == static_cast<size_t>(sweep.axes_size()));
  for (size_t i = 0; i < last.size(); ++i) {
    REQUIRE(first[i] == table->AxisValue(i, 0));
    REQUIRE(last[i] == table->AxisValue(i, table->AxisSize(i) - 1));
  }
  return 0;
}
