#include "spank/agent/agent/step.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "pack/base/size.h"

namespace cram {
namespace {

std::string Text(const char* name) {
  const char* value = getenv(name);
  return value == nullptr ? "" : value;
}

uint64_t Number(const char* name, uint64_t otherwise = 0) {
  uint64_t number;
  return absl::SimpleAtoi(Text(name), &number) ? number : otherwise;
}

// In the order in which they are specific to this step on this node.
uint64_t AllocatedMemory(uint32_t cpus) {
  if (uint64_t mib = Number("CRAM_STEP_MEM_MB")) return mib * kMiB;
  if (uint64_t mib = Number("SLURM_MEM_PER_NODE")) return mib * kMiB;
  return Number("SLURM_MEM_PER_CPU") * cpus * kMiB;
}

// Numbers with commas between them; nothing when one is not open. They are not
// for who is executed by us.
std::vector<int> Descriptors(const char* name) {
  std::vector<int> numbers;
  for (absl::string_view word :
       absl::StrSplit(Text(name), ',', absl::SkipEmpty())) {
    int number;
    if (!absl::SimpleAtoi(word, &number) || number <= STDERR_FILENO ||
        fcntl(number, F_SETFD, FD_CLOEXEC) != 0) {
      return {};
    }
    numbers.push_back(number);
  }
  return numbers;
}

// What the plugin asked for, which is not for sub-jobs: they may start jobs.
// Newer Slurms say it themselves.
absl::Time JobEnd() {
  uint64_t seconds = Number("CRAM_JOB_END", Number("SLURM_JOB_END_TIME"));
  unsetenv("CRAM_JOB_END");
  return seconds == 0 ? absl::InfiniteFuture()
                      : absl::FromUnixSeconds(static_cast<int64_t>(seconds));
}

std::string HostName() {
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  return name;
}

}  // namespace

Step Step::FromEnvironment(bool alone) {
  Step step;
  step.cpus = static_cast<uint32_t>(Number("SLURM_CPUS_ON_NODE"));
  step.memory_bytes = AllocatedMemory(step.cpus);
  step.job_end = JobEnd();
  step.in_slurm =
      !alone && !Text("SLURM_JOB_ID").empty() && !Text("SLURM_STEP_ID").empty();
  if (!step.in_slurm) {
    step.run_id = absl::StrCat(
        "run-",
        absl::FormatTime("%Y%m%d-%H%M%S", absl::Now(), absl::LocalTimeZone()),
        "-", getpid(), ".0");
    step.node_name = HostName();
    return step;
  }
  step.run_id = absl::StrCat(Text("SLURM_JOB_ID"), ".", Text("SLURM_STEP_ID"));
  step.restarts = static_cast<uint32_t>(Number("SLURM_RESTART_COUNT"));
  if (step.restarts > 0) absl::StrAppend(&step.run_id, ".r", step.restarts);
  step.node_id = static_cast<uint32_t>(Number("SLURM_NODEID"));
  step.nodes = static_cast<uint32_t>(
      Number("SLURM_STEP_NUM_NODES", Number("SLURM_NNODES", 1)));
  step.local_task = static_cast<uint32_t>(Number("SLURM_LOCALID"));
  step.node_name = Text("SLURMD_NODENAME");
  if (step.node_name.empty()) step.node_name = HostName();
  step.cores = Text("CRAM_STEP_CORES");
  step.cgroup = Text("CRAM_CGROUP");
  step.cgroup_files = Descriptors("CRAM_CGROUP_FILES");
  return step;
}

}  // namespace cram
