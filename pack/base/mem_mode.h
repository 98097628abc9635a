// How a sub-job meets its memory cap.
#pragma once

#include <stdint.h>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cram {

enum class MemMode {
  kCgroup,  // the cap, and nothing else
  // The cap, and below it RLIMIT_DATA for each process: an allocation that is
  // too large fails where it is asked for, as MemoryError or std::bad_alloc.
  kRlimit,
};

// "cgroup", "rlimit".
absl::StatusOr<MemMode> ParseMemMode(absl::string_view text);

// RLIMIT_DATA below this cap. The limit counts private writable mappings (since
// Linux 4.7, setrlimit(2)), whether touched or not, but no address space that
// is only reserved: Node, the JVM and Go do not start under an RLIMIT_AS of
// this size.
uint64_t DataLimit(uint64_t cap_bytes);

}  // namespace cram
