// The agent's own oom_score_adj, which its sub-jobs must not have.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "pack/base/clock.h"
#include "pack/base/fd.h"
#include "spank/agent/loop/loop.h"

namespace cram {

// The plugin spares the agent from the OOM killer; a process has the score that
// its parent had when it was made. It cannot set it itself before it execs: it
// is in the agent's memory (vfork), which nobody may look into, and so its file
// in /proc is root's; nor can anybody afterwards where the program is one that
// its user may run but not read. So the agent goes without while it starts
// processes, and has its score back when it has started none for a while: each
// change costs the kernel a look at every process (__set_oom_adj in
// fs/proc/base.c).
class OomScore {
 public:
  // `file`: of this process, for writing. `score`: below 0, what it is now.
  OomScore(Loop* loop, UniqueFd file, int score);
  ~OomScore();

  // Around each launch; they may overlap. When this fails a sub-job would be
  // spared as well.
  absl::Status LaunchBegins();
  void LaunchEnds();

 private:
  absl::Status Set(const std::string& score);
  void SpareLater();

  Loop* loop_;
  UniqueFd file_;
  std::string score_;
  bool spared_ = true;
  int launches_ = 0;  // under way
  Instant last_launch_;
  Loop::TimerId timer_ = 0;
};

}  // namespace cram
