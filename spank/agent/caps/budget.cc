#include "spank/agent/caps/budget.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "pack/base/io.h"
#include "pack/base/size.h"

namespace cram {
namespace {

// The least `file` in the directories from `directory` up to `mount`;
// UINT64_MAX when nothing limits. cgroup v1 writes "no limit" as a number near
// 2^63, v2 as "max".
uint64_t TightestLimit(std::string directory, const std::string& mount,
                       const std::string& file) {
  constexpr uint64_t kNoLimit = uint64_t{1} << 60;
  uint64_t tightest = UINT64_MAX;
  while (directory.size() >= mount.size() && !directory.empty()) {
    absl::StatusOr<std::string> text = ReadFile(directory + "/" + file);
    uint64_t limit;
    if (text.ok() && absl::SimpleAtoi(*text, &limit) && limit < kNoLimit) {
      tightest = std::min(tightest, limit);
    }
    size_t slash = directory.rfind('/');
    if (slash == std::string::npos) break;
    directory.resize(slash);
  }
  return tightest;
}

// A line of /proc/meminfo, in bytes.
absl::StatusOr<uint64_t> ReadMemInfo(absl::string_view name) {
  absl::StatusOr<std::string> text = ReadFile("/proc/meminfo");
  if (!text.ok()) return text.status();
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    std::vector<absl::string_view> words =
        absl::StrSplit(line, ' ', absl::SkipEmpty());
    uint64_t kib;
    if (words.size() >= 2 && words[0] == name &&
        absl::SimpleAtoi(words[1], &kib)) {
      return kib * kKiB;
    }
  }
  return absl::InternalError(absl::StrCat("/proc/meminfo has no ", name));
}

}  // namespace

uint64_t ReserveFor(uint64_t limit_bytes) {
  uint64_t reserve =
      std::clamp<uint64_t>(limit_bytes / 32, 32 * kMiB, 1 * kGiB);
  return std::min(reserve, limit_bytes / 4);
}

absl::StatusOr<Budget> FindBudget(const MemoryCgroup& cgroup,
                                  uint64_t slurm_bytes) {
  Budget budget;
  uint64_t limit = UINT64_MAX;
  if (!cgroup.v1.empty()) {
    limit = TightestLimit(cgroup.v1, cgroup.v1_mount, "memory.limit_in_bytes");
  }
  if (!cgroup.v2.empty()) {
    limit = std::min(limit,
                     TightestLimit(cgroup.v2, cgroup.v2_mount, "memory.max"));
  }
  budget.limit_bytes = limit;
  budget.source = "cgroup limit";
  if (slurm_bytes != 0 && slurm_bytes < limit) {
    budget.limit_bytes = slurm_bytes;
    budget.source = "Slurm's allocation";
  }
  // A limit above what the machine has limits nothing.
  absl::StatusOr<uint64_t> total = ReadMemInfo("MemTotal:");
  if (!total.ok()) return total.status();
  if (budget.limit_bytes > *total) {
    absl::StatusOr<uint64_t> available = ReadMemInfo("MemAvailable:");
    if (!available.ok()) return available.status();
    budget.limit_bytes = *available;
    budget.source = "available memory";
  }
  budget.reserve_bytes = ReserveFor(budget.limit_bytes);
  return budget;
}

}  // namespace cram
