// /proc/self/cgroup and /proc/self/mountinfo, separated by NUL.
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "spank/agent/caps/cgroup_mounts.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::pair<absl::string_view, absl::string_view> files = absl::StrSplit(
      cram::TextOf(data, size), absl::MaxSplits(absl::ByChar('\0'), 1));
  cram::MemoryCgroup found = cram::ParseMemoryCgroup(files.first, files.second);
  REQUIRE(absl::StartsWith(found.v1, found.v1_mount) || found.v1.empty());
  REQUIRE(absl::StartsWith(found.v2, found.v2_mount) || found.v2.empty());
  return 0;
}
