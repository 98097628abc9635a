#include "pack/base/mem_mode.h"

#include "absl/strings/str_cat.h"

namespace cram {

absl::StatusOr<MemMode> ParseMemMode(absl::string_view text) {
  if (text == "cgroup") return MemMode::kCgroup;
  if (text == "rlimit") return MemMode::kRlimit;
  return absl::InvalidArgumentError(
      absl::StrCat("'", text, "' is neither cgroup nor rlimit"));
}

// The rest is for what the limit does not count: stacks, files, the kernel.
uint64_t DataLimit(uint64_t cap_bytes) { return cap_bytes / 10 * 9; }

}  // namespace cram
