#include "spank/agent/agent/equipment.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "pack/base/io.h"
#include "spank/agent/agent/surroundings.h"
#include "spank/agent/caps/watchdog.h"
#include "spank/ranks/rank_command.h"

extern char** environ;

namespace cram {

absl::StatusOr<std::unique_ptr<Equipment>> Equipment::Find(
    const Run* run, const Premises& premises) {
  std::unique_ptr<Equipment> equipment(new Equipment(run));
  const Step& step = run->step;
  absl::StatusOr<NodeCpus> cpus = NodeCpus::Find(step.cpus, step.cores.c_str());
  if (!cpus.ok()) return cpus.status();
  equipment->cpus_ = std::make_unique<NodeCpus>(*std::move(cpus));
  absl::StatusOr<Budget> budget =
      FindBudget(FindMemoryCgroup(), step.memory_bytes);
  if (!budget.ok()) return budget.status();
  equipment->budget_ = *std::move(budget);
  absl::StatusOr<std::string> self = ThisProgram();
  if (!self.ok()) return self.status();
  equipment->rank_program_ = RankProgram(*self);
  equipment->ChooseCaps(premises);
  equipment->FindOomScore(premises.oom_score_file);
  equipment->environment_ = std::make_unique<Environment>(
      environ,
      RunFacts{run->manifest->size(), run->directory.path(), step.node_name,
               run->options.run.tell, run->view_library});
  equipment->temporary_directory_ = premises.temporary_directory;
  equipment->shared_memory_ = premises.shared_memory;
  equipment->open_files_ = RaiseOpenFiles();
  return equipment;
}

void Equipment::ChooseCaps(const Premises& premises) {
  absl::StatusOr<std::unique_ptr<Caps>> caps =
      MakeCgroupCaps(premises.cgroup, premises.cgroup_files);
  if (caps.ok()) {
    caps_ = *std::move(caps);
    return;
  }
  caps_ = std::make_unique<WatchdogCaps>();
  run_->Say(absl::StrCat(run_->step.node_name,
                         ": memory caps by watchdog, not by the kernel: ",
                         caps.status().message()));
}

void Equipment::FindOomScore(int file) {
  UniqueFd opened(file);
  absl::StatusOr<std::string> text = ReadFile("/proc/self/oom_score_adj");
  int score = 0;
  if (!text.ok() || !absl::SimpleAtoi(*text, &score) || score >= 0) return;
  if (!opened.valid()) {
    run_->Say(absl::StrCat(run_->step.node_name,
                           ": the OOM killer spares sub-jobs as it does us: "
                           "cannot write /proc/self/oom_score_adj"));
    return;
  }
  oom_score_ =
      std::make_unique<OomScore>(run_->loop.get(), std::move(opened), score);
}

Slots Equipment::MakeSlots() const {
  return Slots(cpus_->size(), budget_.bytes(), run_->options.run.slots);
}

SlotResources Equipment::ForSlots(OutputWriter* output) const {
  SlotResources resources;
  resources.loop = run_->loop.get();
  resources.options = &run_->options.run;
  resources.cpus = cpus_.get();
  resources.caps = caps_.get();
  resources.environment = environment_.get();
  resources.output = output;
  resources.rank_program = rank_program_;
  resources.temporary_directory = temporary_directory_;
  resources.shared_memory = shared_memory_;
  resources.oom_score = oom_score_.get();
  resources.open_files = open_files_;
  resources.signals_reach_all = run_->step.in_slurm;
  return resources;
}

}  // namespace cram
