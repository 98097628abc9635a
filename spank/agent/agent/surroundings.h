// What an agent finds around it, and asks the kernel for, before it works.
#pragma once

#include <sys/resource.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "spank/agent/agent/step.h"
#include "spank/agent/caps/caps.h"

namespace cram {

// A slot takes a dozen descriptors, and a node may have hundreds of slots: as
// many as we are allowed. Returns the limit as it was.
rlimit RaiseOpenFiles();

// The agent works for microseconds and then waits, while sub-jobs fill the
// CPUs. With a short time slice Linux (6.12 and later) lets it in as soon as it
// has something to do; a tenth more sub-jobs a second when they are tiny. It
// gets no more CPU time by it, sub-jobs do not inherit it, and where it is
// refused nothing is lost.
void AskForShortSlices();

// By the kernel, in that memory cgroup; `files` as Caps takes them, and it owns
// them. Error: why not.
absl::StatusOr<std::unique_ptr<Caps>> MakeCgroupCaps(
    const std::string& cgroup, const std::vector<int>& files);

// The path of this program.
absl::StatusOr<std::string> ThisProgram();

std::string UserName();

// What {$NAME} in a manifest may name: the agent's environment, and what is
// true of the run where that does not say it.
std::map<std::string, std::string> RunVariables(const Step& step);

}  // namespace cram
