#include "spank/agent/truth/environment.h"

#include <algorithm>
#include <array>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pack/base/size.h"
#include "pack/manifest/told.h"
#include "spank/view/view_library.h"

namespace cram {
namespace {

// Of one manifest's templates there are few; a retry may bring new caps.
constexpr size_t kMostToldOnce = 64;
constexpr absl::string_view kPreload = "LD_PRELOAD";

// Another world's: an MPI library in a sub-job must not talk to the process
// manager of the agent's own step, nor inherit its binding.
constexpr std::array<absl::string_view, 8> kDroppedPrefixes = {
    "PMI_",           "PMIX_",     "PMI2_", "SLURM_CPU_BIND",
    "SLURM_MEM_BIND", "SLURM_PMI", "CRAM_", "SLURM_SPANK_",
};

// Each tells of one task, which after the agent's is the sub-job's only one.
struct Truth {
  absl::string_view name, value;
};
constexpr std::array<Truth, 12> kTaskTruths = {{
    {"SLURM_PROCID", "0"},
    {"SLURM_LOCALID", "0"},
    {"SLURM_NODEID", "0"},
    {"SLURM_GTIDS", "0"},
    {"SLURM_NTASKS", "1"},
    {"SLURM_NPROCS", "1"},
    {"SLURM_NNODES", "1"},
    {"SLURM_STEP_NUM_TASKS", "1"},
    {"SLURM_STEP_NUM_NODES", "1"},
    {"SLURM_STEP_TASKS_PER_NODE", "1"},
    {"SLURM_TASKS_PER_NODE", "1"},
    {"SLURM_DISTRIBUTION", "block"},
}};

// Would lie, and have no truth to tell.
constexpr std::array<absl::string_view, 8> kLies = {
    "SLURM_TASK_PID",          "SLURM_NTASKS_PER_NODE", "SLURM_NTASKS_PER_CORE",
    "SLURM_NTASKS_PER_SOCKET", "SLURM_MEM_PER_CPU",     "SLURM_MEM_PER_GPU",
    "SLURM_NTASKS_PER_GPU",    "SLURM_TRES_PER_TASK",
};

bool IsDropped(absl::string_view name) {
  for (absl::string_view prefix : kDroppedPrefixes) {
    if (absl::StartsWith(name, prefix)) return true;
  }
  return std::find(kLies.begin(), kLies.end(), name) != kLies.end();
}

// A column may have any name; a variable may not.
std::string ParameterVariable(absl::string_view parameter) {
  std::string name = absl::StrCat("CRAM_PARAM_", parameter);
  for (char& c : name) {
    if (!absl::ascii_isalnum(c)) c = '_';
  }
  return name;
}

}  // namespace

Environment::Environment(const char* const* agent_environment, RunFacts facts)
    : facts_(std::move(facts)) {
  bool in_slurm = false;
  for (; *agent_environment != nullptr; ++agent_environment) {
    absl::string_view variable = *agent_environment;
    size_t equals = variable.find('=');
    if (equals == absl::string_view::npos) continue;
    absl::string_view name = variable.substr(0, equals);
    in_slurm = in_slurm || name == "SLURM_JOB_ID";
    if (IsDropped(name)) continue;
    base_place_[std::string(name)] = base_.size();
    base_.emplace_back(variable);
  }
  auto set = [this](absl::string_view name, absl::string_view value) {
    auto [place, added] = base_place_.emplace(name, base_.size());
    if (added) base_.emplace_back();
    base_[place->second] = absl::StrCat(name, "=", value);
  };
  set("CRAM_SUBJOBS", absl::StrCat(facts_.subjobs));
  set("CRAM_RUN_DIR", facts_.run_directory);
  set("CRAM_NODE", facts_.node_name);
  if (!facts_.view_library.empty()) {
    auto users = base_place_.find(std::string(kPreload));
    absl::string_view preload;
    if (users != base_place_.end()) {
      preload =
          absl::string_view(base_[users->second]).substr(kPreload.size() + 1);
    }
    set(kPreload, PreloadWith(preload, facts_.view_library));
  }
  if (!in_slurm) return;
  for (const Truth& truth : kTaskTruths) set(truth.name, truth.value);
  set("SLURM_STEP_NODELIST", facts_.node_name);
}

void Environment::Set(absl::string_view name, absl::string_view value) {
  if (own_used_ == own_.size()) own_.emplace_back();
  std::string& variable = own_[own_used_++];
  variable.clear();
  absl::StrAppend(&variable, name, "=", value);
}

char* const* Environment::Build(const SubJob& subjob,
                                const AttemptFacts& facts) {
  own_used_ = 0;
  Set("CRAM_INDEX", absl::StrCat(subjob.index));
  Set("CRAM_ATTEMPT", absl::StrCat(facts.attempt));
  Set("CRAM_SLOT", absl::StrCat(facts.slot));
  Set("CRAM_MEM_BYTES", absl::StrCat(facts.cap_bytes));
  Set("TMPDIR", facts.temporary_directory);
  if (!facts_.view_library.empty() && !facts.memory_cgroup.empty()) {
    Set("CRAM_MEM_CGROUP", facts.memory_cgroup);
  }
  if (base_place_.count("SLURM_JOB_ID") != 0) {
    Set("SLURM_CPUS_PER_TASK", absl::StrCat(facts.cpus_a_rank()));
    Set("SLURM_CPUS_ON_NODE", absl::StrCat(facts.cpus));
    Set("SLURM_MEM_PER_NODE", absl::StrCat(facts.cap_bytes / kMiB));
  }
  for (const auto& [name, value] : subjob.params) {
    Set(ParameterVariable(name), value);
  }
  for (const SubJob::EnvChange& change : subjob.env) {
    std::string value = change.value.value_or("");
    bool preloads = change.name == kPreload && !value.empty();
    if (preloads && !facts_.view_library.empty()) {
      value = PreloadWith(value, facts_.view_library);
    }
    Set(change.name, value);
  }
  const Told* once = TellRuntimes(subjob, facts);

  // What is ours replaces what is inherited, and the later of ours the
  // earlier. A linear look for each name: there are a dozen or two.
  pointers_.clear();
  std::vector<bool> hidden(base_.size());
  std::vector<char*> mine;
  for (size_t i = own_used_; i-- > 0;) {
    std::string& variable = own_[i];
    absl::string_view name =
        absl::string_view(variable).substr(0, variable.find('='));
    bool overridden = false;
    for (size_t j = i + 1; j < own_used_ && !overridden; ++j) {
      overridden =
          absl::StartsWith(own_[j], name) && own_[j][name.size()] == '=';
    }
    if (overridden) continue;
    auto place = base_place_.find(std::string(name));
    if (place != base_place_.end()) hidden[place->second] = true;
    mine.push_back(&variable[0]);
  }
  if (once != nullptr) {
    for (size_t place : once->hides) hidden[place] = true;
    for (const std::string& variable : once->variables) {
      mine.push_back(const_cast<char*>(variable.data()));
    }
  }
  for (size_t i = 0; i < base_.size(); ++i) {
    if (!hidden[i]) pointers_.push_back(&base_[i][0]);
  }
  pointers_.insert(pointers_.end(), mine.begin(), mine.end());
  for (auto change = subjob.env.rbegin(); change != subjob.env.rend();
       ++change) {
    bool last = std::none_of(subjob.env.rbegin(), change, [&](const auto& e) {
      return e.name == change->name;
    });
    if (!change->value && last) Unset(change->name);
  }
  pointers_.push_back(nullptr);
  return pointers_.data();
}

std::vector<ToldKnob> Environment::Tell(const SubJob& subjob,
                                        const AttemptFacts& facts) {
  return TellSubJob(
      subjob, facts.cap_a_rank(), facts.cpus_a_rank(), facts_.tell,
      [this](absl::string_view name) -> std::optional<absl::string_view> {
        auto place = base_place_.find(std::string(name));
        if (place == base_place_.end()) return std::nullopt;
        return absl::string_view(base_[place->second]).substr(name.size() + 1);
      });
}

const Environment::Told* Environment::TellRuntimes(const SubJob& subjob,
                                                   const AttemptFacts& facts) {
  bool manifest_has_a_say = std::any_of(
      subjob.env.begin(), subjob.env.end(),
      [](const auto& change) { return IsKnobVariable(change.name); });
  if (!manifest_has_a_say) {
    const Told& once = ToldOnce(facts);
    told_ = once.knobs;
    return &once;
  }
  told_.reset();
  for (const ToldKnob& told : Tell(subjob, facts)) {
    Set(kRuntimeKnobs[told.knob].variable, told.value);
    told_.set(told.knob);
  }
  return nullptr;
}

const Environment::Told& Environment::ToldOnce(const AttemptFacts& facts) {
  if (told_once_.size() >= kMostToldOnce) told_once_.clear();
  auto [place, added] =
      told_once_.try_emplace({facts.cap_a_rank(), facts.cpus_a_rank()}, Told());
  Told& once = place->second;
  if (!added) return once;
  for (const ToldKnob& told : Tell(SubJob(), facts)) {
    absl::string_view name = kRuntimeKnobs[told.knob].variable;
    once.variables.push_back(absl::StrCat(name, "=", told.value));
    once.knobs.set(told.knob);
    auto inherited = base_place_.find(std::string(name));
    if (inherited != base_place_.end()) once.hides.push_back(inherited->second);
  }
  return once;
}

void Environment::Unset(absl::string_view name) {
  pointers_.erase(std::remove_if(pointers_.begin(), pointers_.end(),
                                 [name](const char* variable) {
                                   return absl::StartsWith(variable, name) &&
                                          variable[name.size()] == '=';
                                 }),
                  pointers_.end());
}

absl::string_view Environment::path() const {
  for (const char* variable : pointers_) {
    if (variable != nullptr && absl::StartsWith(variable, "PATH=")) {
      return absl::string_view(variable).substr(5);
    }
  }
  // execvp(3)'s default.
  return "/bin:/usr/bin";
}

}  // namespace cram
