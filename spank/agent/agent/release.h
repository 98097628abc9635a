// Nodes that have nothing left to do go back to Slurm: --release.
#pragma once

#include <stdint.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "pack/base/clock.h"
#include "pack/base/fd.h"
#include "spank/agent/agent/family.h"
#include "spank/agent/agent/run.h"

namespace cram {

// The root's. When nothing waits anywhere any more, those that have run nothing
// for a while are told to leave; when they have left, scontrol makes the job
// smaller, as the user. They go as the root knows them: a child with all that
// are below it.
class Release {
 public:
  // Both outlive it.
  Release(const Run* run, Family* family) : run_(run), family_(family) {}
  ~Release();

  // To be called often.
  void Look();

 private:
  void Retire();
  void StartScontrol();
  void HearScontrol();

  const Run* run_;
  Family* family_;
  std::map<uint32_t, Instant> idle_;     // children, since when
  std::map<uint32_t, Instant> leaving_;  // told to, since when
  std::set<std::string> released_;       // of all that were, the names
  std::vector<std::string> names_;       // that scontrol is releasing
  UniqueFd said_;                        // by scontrol; none: it is not run
  std::string text_;
  bool over_ = false;  // Slurm will not
};

}  // namespace cram
