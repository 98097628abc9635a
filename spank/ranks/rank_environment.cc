#include "spank/ranks/rank_environment.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace cram {

namespace {

// "2(x3),1": as Slurm counts tasks, node by node.
std::string TasksPerNode(const GangPlace& place) {
  std::string text;
  for (size_t first = 0, end; first < place.parts.size(); first = end) {
    uint32_t ranks = place.parts[first].ranks;
    for (end = first; end < place.parts.size(); ++end) {
      if (place.parts[end].ranks != ranks) break;
    }
    absl::StrAppend(&text, text.empty() ? "" : ",", ranks);
    if (end - first > 1) absl::StrAppend(&text, "(x", end - first, ")");
  }
  return text;
}

}  // namespace

RankEnvironment::RankEnvironment(const char* const* subjob,
                                 const GangPlace& place, uint32_t rank) {
  for (; *subjob != nullptr; ++subjob) {
    absl::string_view variable = *subjob;
    size_t equals = variable.find('=');
    if (equals == absl::string_view::npos) continue;
    variables_.emplace(variable.substr(0, equals), variable.substr(equals + 1));
  }
  variables_.erase(std::string(kGangVariable));
  Set("CRAM_RANK", absl::StrCat(rank));
  Set("CRAM_RANKS", absl::StrCat(place.ranks()));
  if (!Get("SLURM_JOB_ID").empty()) DescribeTask(place, rank);
  DescribeOpenMpi(place, rank);
}

void RankEnvironment::DescribeTask(const GangPlace& place, uint32_t rank) {
  std::string ranks = absl::StrCat(place.ranks());
  std::string here = absl::StrCat(place.first_rank());
  for (uint32_t i = 1; i < place.ranks_here(); ++i) {
    absl::StrAppend(&here, ",", place.first_rank() + i);
  }
  Set("SLURM_PROCID", absl::StrCat(rank));
  Set("SLURM_LOCALID", absl::StrCat(rank - place.first_rank()));
  Set("SLURM_GTIDS", here);
  for (const char* name :
       {"SLURM_NTASKS", "SLURM_NPROCS", "SLURM_STEP_NUM_TASKS"}) {
    Set(name, ranks);
  }
  for (const char* name :
       {"SLURM_STEP_TASKS_PER_NODE", "SLURM_TASKS_PER_NODE"}) {
    Set(name, TasksPerNode(place));
  }
  if (place.parts.size() > 1) DescribeNodes(place);
}

void RankEnvironment::DescribeNodes(const GangPlace& place) {
  std::string nodes = absl::StrCat(place.parts.size());
  Set("SLURM_NODEID", absl::StrCat(place.part));
  Set("SLURM_NNODES", nodes);
  Set("SLURM_STEP_NUM_NODES", nodes);
  Set("SLURM_STEP_NODELIST",
      absl::StrJoin(place.parts, ",",
                    [](std::string* out, const GangPlace::Part& part) {
                      out->append(part.node);
                    }));
}

void RankEnvironment::DescribeOpenMpi(const GangPlace& place, uint32_t rank) {
  std::string local = absl::StrCat(rank - place.first_rank());
  Set("OMPI_COMM_WORLD_RANK", absl::StrCat(rank));
  Set("OMPI_COMM_WORLD_LOCAL_RANK", local);
  Set("OMPI_COMM_WORLD_NODE_RANK", local);
  Set("OMPI_COMM_WORLD_SIZE", absl::StrCat(place.ranks()));
  Set("OMPI_COMM_WORLD_LOCAL_SIZE", absl::StrCat(place.ranks_here()));
}

void RankEnvironment::KeepSharedMemory(absl::string_view directory) {
  Suggest({{"OMPI_MCA_btl_vader_backing_directory", directory},
           {"OMPI_MCA_btl_sm_backing_directory", directory}});
}

void RankEnvironment::SuggestStep(absl::string_view node) {
  Suggest({{"SLURM_JOB_ID", "1"},
           {"SLURM_JOBID", "1"},
           {"SLURM_STEP_ID", "0"},
           {"SLURM_STEPID", "0"},
           {"SLURM_NODELIST", node}});
}

void RankEnvironment::Suggest(const std::vector<MpiSetting>& settings) {
  std::vector<const MpiSetting*> missing;
  for (const MpiSetting& setting : settings) {
    if (Get(setting.variable).empty() && Get(setting.unless).empty()) {
      missing.push_back(&setting);
    }
  }
  for (const MpiSetting* setting : missing) {
    Set(setting->variable, setting->value);
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
