// Who of an attempt was killed by the kernel, as far as anybody saw it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "spank/agent/caps/victim.h"

namespace cram {

// The kernel does not say whom it killed, and on a busy machine the dead are
// gone before we look: so the largest is remembered from looks before that.
// Whoever cannot be told for sure is not named.
class Witness {
 public:
  // `all`: the kernel kills all processes of a cgroup or none, and the largest
  // of them is the victim.
  explicit Witness(bool all) : all_(all) {}

  // Of the next attempt.
  void Forget() { *this = Witness(all_); }
  void Started(pid_t leader) { leader_ = leader; }

  // Looks at the processes in the cgroup `directory`; `killed`: the kernel has
  // counted a victim there by now.
  void Look(const std::string& directory, bool killed);
  // The kernel has killed the leader, who was the victim unless somebody else
  // was seen.
  void LeaderKilled() { leader_killed_ = true; }
  // From now on everything is dying, and no look tells anything.
  void WeKill() { we_kill_ = true; }
  // Whether a leader that died of SIGKILL may have died of ours: he was still
  // there when the victim was looked for.
  bool we_killed_leader() const { return we_kill_ && !leader_was_gone_; }

  // Once the verdict is that somebody had to go.
  std::optional<Victim> victim() const;

 private:
  bool all_;
  pid_t leader_ = 0;
  std::optional<Victim> seen_;
  bool leader_killed_ = false;
  bool leader_was_gone_ = false;
  bool we_kill_ = false;
};

}  // namespace cram
