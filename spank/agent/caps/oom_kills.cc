#include "spank/agent/caps/oom_kills.h"

#include <unistd.h>

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pack/base/clock.h"
#include "pack/base/io.h"

namespace cram {
namespace {

// The number behind `name` and a blank, at the start of a line of the file.
uint64_t Counter(const std::string& path, absl::string_view name) {
  absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return 0;
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    uint64_t count;
    if (absl::ConsumePrefix(&line, name) && absl::ConsumePrefix(&line, " ") &&
        absl::SimpleAtoi(line, &count)) {
      return count;
    }
  }
  return 0;
}

uint64_t Number(const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(path);
  uint64_t number = 0;
  if (text.ok()) (void)absl::SimpleAtoi(*text, &number);
  return number;
}

bool FullOnce1(const std::string& directory) {
  // CPUs take memory from the limit in batches of so many pages.
  static const uint64_t batch = 64 * sysconf(_SC_PAGESIZE);
  uint64_t limit = Number(directory + "/memory.limit_in_bytes");
  return limit != 0 &&
         Number(directory + "/memory.max_usage_in_bytes") + batch >= limit;
}

bool FullOnce2(const std::string& directory) {
  return Counter(directory + "/memory.events", "oom") != 0;
}

// Whether it is so in `directory` or a directory above it, up to `mount`.
bool AnyAbove(std::string directory, const std::string& mount,
              bool (*full_once)(const std::string&)) {
  while (directory.size() >= mount.size() && !directory.empty()) {
    if (full_once(directory)) return true;
    size_t slash = directory.rfind('/');
    if (slash == std::string::npos) break;
    directory.resize(slash);
  }
  return false;
}

}  // namespace

uint64_t OomKills::OnHost() { return Counter("/proc/vmstat", "oom_kill"); }

uint64_t OomKills::OnHostLately() {
  Instant now = MonotonicNow();
  if (now - read_ > absl::Seconds(1)) {
    lately_ = OnHost();
    read_ = now;
  }
  return lately_;
}

bool OomKills::LimitReached() const {
  return AnyAbove(around_.v1, around_.v1_mount, FullOnce1) ||
         AnyAbove(around_.v2, around_.v2_mount, FullOnce2);
}

}  // namespace cram
