// What cram-ranks reports, or a sub-job in its place: what was read is written
// as what reads the same.
#include "spank/ranks/report.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > cram::kLongestRankReport / 2) return 0;
  cram::RankReport report = cram::RankReport::Parse(cram::TextOf(data, size));
  cram::RankReport again = cram::RankReport::Parse(report.ToText());
  REQUIRE(again.rank == report.rank);
  REQUIRE(again.failed_step == report.failed_step);
  REQUIRE(report.failed_step.empty() || again.error == report.error);
  REQUIRE(again.lost_part == report.lost_part);
  REQUIRE(again.port == report.port);
  REQUIRE(again.pids == report.pids);
  return 0;
}
