#include "spank/agent/caps/witness.h"

#include <fcntl.h>

#include <algorithm>
#include <vector>

#include "spank/agent/caps/control_file.h"

namespace cram {

void Witness::Look(const std::string& directory, bool killed) {
  if (we_kill_ || (seen_ && seen_->dying)) return;
  ControlFile procs;
  if (!procs.Open(directory, "cgroup.procs", O_RDONLY).ok()) return;
  char buffer[4096];
  std::vector<pid_t> pids = ProcessIds(procs.Read(buffer, sizeof buffer));
  if (killed && std::find(pids.begin(), pids.end(), leader_) == pids.end()) {
    leader_was_gone_ = true;
  }
  std::optional<Victim> now = FindVictim(pids, seen_);
  if (all_ && killed && seen_ && now && now->bytes < seen_->bytes) {
    // Who is left of them is not who was the largest.
    seen_->dying = now->dying;
    return;
  }
  if (now && (now->dying || !killed)) {
    seen_ = std::move(now);
  } else if (killed && seen_ &&
             std::find(pids.begin(), pids.end(), seen_->pid) == pids.end()) {
    seen_->dying = true;  // it was the largest, and is gone
  }
}

std::optional<Victim> Witness::victim() const {
  if (seen_ && (seen_->dying || all_)) return seen_;
  if (!leader_killed_) return std::nullopt;
  if (seen_ && seen_->pid == leader_) return seen_;
  return Victim{leader_, "", 0, true};
}

}  // namespace cram
