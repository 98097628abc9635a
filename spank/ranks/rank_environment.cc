#include "spank/ranks/rank_environment.h"

#include "absl/strings/str_cat.h"

namespace cram {

RankEnvironment::RankEnvironment(const char* const* subjob,
                                 const RankPlace& place) {
  for (; *subjob != nullptr; ++subjob) {
    absl::string_view variable = *subjob;
    size_t equals = variable.find('=');
    if (equals == absl::string_view::npos) continue;
    variables_.emplace(variable.substr(0, equals), variable.substr(equals + 1));
  }
  Set("CRAM_RANK", absl::StrCat(place.rank));
  Set("CRAM_RANKS", absl::StrCat(place.ranks));
  if (!Get("SLURM_JOB_ID").empty()) DescribeTask(place);
  DescribeOpenMpi(place);
}

void RankEnvironment::DescribeTask(const RankPlace& place) {
  std::string rank = absl::StrCat(place.rank);
  std::string ranks = absl::StrCat(place.ranks);
  std::string all = "0";
  for (uint32_t i = 1; i < place.ranks; ++i) absl::StrAppend(&all, ",", i);
  Set("SLURM_PROCID", rank);
  Set("SLURM_LOCALID", rank);
  Set("SLURM_GTIDS", all);
  for (const char* name :
       {"SLURM_NTASKS", "SLURM_NPROCS", "SLURM_STEP_NUM_TASKS",
        "SLURM_STEP_TASKS_PER_NODE", "SLURM_TASKS_PER_NODE"}) {
    Set(name, ranks);
  }
}

void RankEnvironment::DescribeOpenMpi(const RankPlace& place) {
  std::string rank = absl::StrCat(place.rank);
  std::string ranks = absl::StrCat(place.ranks);
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_LOCAL_RANK",
                           "OMPI_COMM_WORLD_NODE_RANK"}) {
    Set(name, rank);
  }
  Set("OMPI_COMM_WORLD_SIZE", ranks);
  Set("OMPI_COMM_WORLD_LOCAL_SIZE", ranks);
}

void RankEnvironment::KeepSharedMemory(absl::string_view directory) {
  for (const char* name : {"OMPI_MCA_btl_vader_backing_directory",
                           "OMPI_MCA_btl_sm_backing_directory"}) {
    if (Get(name).empty()) Set(name, directory);
  }
}

void RankEnvironment::Set(absl::string_view name, absl::string_view value) {
  variables_[std::string(name)] = std::string(value);
}

absl::string_view RankEnvironment::Get(absl::string_view name) const {
  auto found = variables_.find(name);
  return found == variables_.end() ? absl::string_view() : found->second;
}

char* const* RankEnvironment::Pointers() {
  texts_.clear();
  pointers_.clear();
  for (const auto& [name, value] : variables_) {
    texts_.push_back(absl::StrCat(name, "=", value));
  }
  for (std::string& text : texts_) pointers_.push_back(&text[0]);
  pointers_.push_back(nullptr);
  return pointers_.data();
}

}  // namespace cram
