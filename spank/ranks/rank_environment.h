// What a rank is told: its environment.
#pragma once

#include <stdint.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "pack/base/mpi_settings.h"
#include "spank/ranks/gang_place.h"

namespace cram {

// The sub-job's environment with what programs read of their rank, whatever
// starts them: Slurm's variables of a task (in a Slurm job), Open MPI's, and
// CRAM_RANK and CRAM_RANKS.
class RankEnvironment {
 public:
  // `rank`: of the world, one of those in this part.
  RankEnvironment(const char* const* subjob, const GangPlace& place,
                  uint32_t rank);

  // What ranks share goes into this directory, where the library can be told
  // (Open MPI 4 and 5; MPICH leaves no names), unless the user told it.
  void KeepSharedMemory(absl::string_view directory);

  // Open MPI 4 believes that it was started alone, unless it sees itself in a
  // step of Slurm's: this one, unless it is in one.
  void SuggestStep(absl::string_view node);

  // Unless the user set them.
  void Suggest(const std::vector<MpiSetting>& settings);

  void Set(absl::string_view name, absl::string_view value);
  // Empty when it is not set.
  absl::string_view Get(absl::string_view name) const;

  // For execve, ending in nullptr; good until the next call of any kind.
  char* const* Pointers();

 private:
  void DescribeTask(const GangPlace& place, uint32_t rank);
  void DescribeNodes(const GangPlace& place);
  void DescribeOpenMpi(const GangPlace& place, uint32_t rank);

  std::map<std::string, std::string, std::less<>> variables_;
  std::vector<std::string> texts_;
  std::vector<char*> pointers_;
};

}  // namespace cram
