#include "spank/agent/agent/surroundings.h"

#include <pwd.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "pack/base/io.h"
#include "spank/agent/caps/cgroup1.h"
#include "spank/agent/caps/cgroup2.h"

extern char** environ;

namespace cram {

rlimit RaiseOpenFiles() {
  rlimit before = {};
  getrlimit(RLIMIT_NOFILE, &before);
  rlimit raised = {before.rlim_max, before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &raised);
  return before;
}

void AskForShortSlices() {
  struct {
    uint32_t size = sizeof(*this), policy = SCHED_OTHER;
    uint64_t flags = 1;  // SCHED_FLAG_RESET_ON_FORK
    int32_t nice = 0;
    uint32_t priority = 0;
    uint64_t runtime_ns = 100000;  // the shortest that the kernel takes
    uint64_t deadline_ns = 0, period_ns = 0;
  } attributes;
  attributes.nice = getpriority(PRIO_PROCESS, 0);
  syscall(SYS_sched_setattr, 0, &attributes, 0);
}

absl::StatusOr<std::unique_ptr<Caps>> MakeCgroupCaps(
    const std::string& cgroup, const std::vector<int>& files) {
  if (cgroup.empty()) {
    return absl::UnavailableError("no memory cgroup was handed over");
  }
  std::vector<UniqueFd> owned;
  for (int fd : files) owned.emplace_back(fd);
  if (Cgroup2Caps::IsFor(cgroup)) {
    return Cgroup2Caps::Create(cgroup, std::move(owned));
  }
  return Cgroup1Caps::Create(cgroup, std::move(owned));
}

absl::StatusOr<std::string> ThisProgram() {
  std::error_code error;
  std::filesystem::path self =
      std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return ErrnoStatus("readlink", "/proc/self/exe", error.value());
  return self.string();
}

std::string UserName() {
  const passwd* entry = getpwuid(getuid());
  return entry == nullptr ? absl::StrCat(getuid()) : entry->pw_name;
}

std::map<std::string, std::string> RunVariables(const Step& step) {
  std::map<std::string, std::string> variables;
  variables.emplace("CRAM_NODE", step.node_name);
  for (char** entry = environ; *entry != nullptr; ++entry) {
    absl::string_view variable = *entry;
    size_t equals = variable.find('=');
    if (equals == absl::string_view::npos) continue;
    variables.emplace(variable.substr(0, equals), variable.substr(equals + 1));
  }
  variables.emplace("USER", UserName());
  variables.emplace("SLURM_JOB_ID",
                    step.run_id.substr(0, step.run_id.rfind('.')));
  return variables;
}

}  // namespace cram
