#include "spank/launch/node_size.h"

#include <stdlib.h>

#include <algorithm>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "pack/base/output_of.h"
#include "pack/base/size.h"

namespace cram {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(5);

uint64_t NumberOr0(absl::string_view text) {
  uint64_t number;
  return absl::SimpleAtoi(text, &number) ? number : 0;
}

absl::string_view Variable(const char* name) {
  const char* value = getenv(name);
  return value ? value : "";
}

}  // namespace

NodeSize AllocationSize(absl::string_view cpus_per_node,
                        absl::string_view mem_per_node,
                        absl::string_view mem_per_cpu) {
  NodeSize largest;
  for (absl::string_view group : absl::StrSplit(cpus_per_node, ',')) {
    const size_t times = group.find("(x");
    const uint64_t cpus = NumberOr0(group.substr(0, times));
    uint64_t nodes = 1;
    if (times != absl::string_view::npos) {
      nodes = NumberOr0(group.substr(times + 2, group.size() - times - 3));
    }
    largest.all_cpus += cpus * nodes;
    largest.cpus = std::max(largest.cpus, static_cast<uint32_t>(cpus));
  }
  largest.memory_bytes = NumberOr0(mem_per_node) * kMiB;
  if (largest.memory_bytes == 0) {
    largest.memory_bytes = NumberOr0(mem_per_cpu) * largest.cpus * kMiB;
  }
  return largest;
}

NodeSize LargestOf(absl::string_view sinfo_lines) {
  NodeSize largest;
  for (absl::string_view line : absl::StrSplit(sinfo_lines, '\n')) {
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.size() != 3) continue;
    const uint64_t cpus = NumberOr0(words[0]), megabytes = NumberOr0(words[1]);
    largest.all_cpus += cpus * NumberOr0(words[2]);
    largest.cpus = std::max(largest.cpus, static_cast<uint32_t>(cpus));
    if (megabytes <= 1) continue;
    largest.memory_bytes = std::max(largest.memory_bytes, megabytes * kMiB);
  }
  return largest;
}

NodeSize FindNodeSize(bool in_allocation, const std::string& sinfo) {
  if (in_allocation) {
    return AllocationSize(Variable("SLURM_JOB_CPUS_PER_NODE"),
                          Variable("SLURM_MEM_PER_NODE"),
                          Variable("SLURM_MEM_PER_CPU"));
  }
  // --exact: one line for all nodes that are alike.
  return LargestOf(
      OutputOf({sinfo, "--noheader", "--exact", "--format=%c %m %D"}, kPatience)
          .value_or(""));
}

}  // namespace cram
