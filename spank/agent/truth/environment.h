// What a sub-job is told: its environment.
#pragma once

#include <stdint.h>

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "pack/base/runtime_knobs.h"
#include "pack/manifest/subjob.h"

namespace cram {

// Facts of the run and the node, the same for all sub-jobs.
struct RunFacts {
  uint64_t subjobs = 0;
  std::string run_directory;
  std::string node_name;
  KnobSet tell;              // which runtimes are told of cap and CPUs
  std::string view_library;  // preloaded into sub-jobs; empty: none is
};

// Facts of one attempt.
struct AttemptFacts {
  uint32_t attempt = 0;
  uint32_t slot = 0;
  uint32_t ranks = 1;  // which share CPUs and cap
  uint32_t cpus = 1;
  uint64_t cap_bytes = 0;
  std::string temporary_directory;
  std::string memory_cgroup;  // its directory; empty: there is none

  uint64_t cap_a_rank() const { return cap_bytes / ranks; }
  uint32_t cpus_a_rank() const { return std::max(cpus / ranks, 1u); }
};

// Made once from the agent's own environment; Build() is called for each
// attempt. Later sources win:
//  1. the agent's environment, less what is another world's (PMI and PMIx
//     variables, CPU binding of the agent, our own protocol with the plugin);
//  2. what is true of this sub-job: CRAM_*, TMPDIR, the SLURM_* variables of
//     task and step that would otherwise tell of the agent;
//  3. what the manifest sets and unsets;
//  4. what runtimes are told (pack/base/runtime_knobs.h), which leaves alone
//     what 1 and 3 say.
// With a view, its library is added to the LD_PRELOAD that is so arrived at; a
// manifest that sets it to nothing, or unsets it, has none.
class Environment {
 public:
  Environment(const char* const* agent_environment, RunFacts facts);

  // The vector for execve, ending in nullptr; good until the next Build().
  char* const* Build(const SubJob& subjob, const AttemptFacts& facts);

  // What the runtimes of the last Build() were told.
  KnobSet told() const { return told_; }

  // PATH as the sub-job of the last Build() has it.
  absl::string_view path() const;

 private:
  // What ranks with this part of a cap and so many CPUs are told, unless their
  // manifest has a say in it.
  struct Told {
    std::vector<std::string> variables;
    std::vector<size_t> hides;  // places in base_
    KnobSet knobs;
  };

  void Set(absl::string_view name, absl::string_view value);
  void Unset(absl::string_view name);
  // Tells by Set(), or, where that is the same for many sub-jobs, returns it.
  const Told* TellRuntimes(const SubJob& subjob, const AttemptFacts& facts);
  std::vector<ToldKnob> Tell(const SubJob& subjob, const AttemptFacts& facts);
  const Told& ToldOnce(const AttemptFacts& facts);

  RunFacts facts_;
  std::vector<std::string> base_;                            // "NAME=value"
  std::unordered_map<std::string, size_t> base_place_;       // NAME to base_
  std::map<std::pair<uint64_t, uint32_t>, Told> told_once_;  // by cap and CPUs

  // Of the last Build(): `own_` is never resized down, so that its strings
  // keep their memory.
  std::vector<std::string> own_;
  size_t own_used_ = 0;
  std::vector<char*> pointers_;
  KnobSet told_;
};

}  // namespace cram
