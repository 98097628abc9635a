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
  std::optional<Victim> now = FindVictim(pids, seen_);
  if (now && (now->dying || !killed)) {
    seen_ = std::move(now);
  } else if (killed && seen_ &&
             std::find(pids.begin(), pids.end(), seen_->pid) == pids.end()) {
    seen_->dying = true;  // it was the largest, and is gone
  }
}

std::optional<Victim> Witness::victim(bool all) const {
  if (seen_ && (seen_->dying || all)) return seen_;
  if (!leader_killed_) return std::nullopt;
  if (seen_ && seen_->pid == leader_) return seen_;
  return Victim{leader_, "", 0, true};
}

}  // namespace cram
