// /proc/<pid>/stat, whose process chooses its name.
#include "spank/agent/caps/process_table.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  absl::string_view text = cram::TextOf(data, size);
  std::optional<cram::ProcessStat> stat = cram::ParseProcessStat(text);
  if (!stat) return 0;
  REQUIRE(stat->state != 'Z' && stat->state != 'X');
  // A name like the end of the line does not fool it.
  std::string fooling = "1 (x) R 1 1 1 " + std::string(text);
  stat = cram::ParseProcessStat(fooling);
  REQUIRE(stat.has_value());
  return 0;
}
