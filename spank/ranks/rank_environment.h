// What a rank is told: its environment.
#pragma once

#include <stdint.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace cram {

// Where a rank stands in its world; all of it is on this node.
struct RankPlace {
  uint32_t rank = 0;
  uint32_t ranks = 1;
};

// The sub-job's environment with what programs read of their rank, whatever
// starts them: Slurm's variables of a task (in a Slurm job), Open MPI's, and
// CRAM_RANK and CRAM_RANKS.
class RankEnvironment {
 public:
  RankEnvironment(const char* const* subjob, const RankPlace& place);

  // What ranks share goes into this directory, where the library can be told
  // (Open MPI 4 and 5; MPICH leaves no names), unless the user told it.
  void KeepSharedMemory(absl::string_view directory);

  void Set(absl::string_view name, absl::string_view value);
  // Empty when it is not set.
  absl::string_view Get(absl::string_view name) const;

  // For execve, ending in nullptr; good until the next call of any kind.
  char* const* Pointers();

 private:
  void DescribeTask(const RankPlace& place);
  void DescribeOpenMpi(const RankPlace& place);

  std::map<std::string, std::string, std::less<>> variables_;
  std::vector<std::string> texts_;
  std::vector<char*> pointers_;
};

}  // namespace cram
