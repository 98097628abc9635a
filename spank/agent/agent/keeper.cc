#include "spank/agent/agent/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pack/base/exit_status.h"
#include "pack/base/io.h"
#include "spank/agent/agent/agent.h"
#include "spank/agent/agent/remove_tree.h"
#include "spank/agent/caps/cgroup_mounts.h"
#include "spank/agent/caps/process_table.h"

namespace cram {
namespace {

// How long leftovers get to die of SIGKILL.
constexpr int kSweeps = 500;
constexpr useconds_t kBetweenSweepsUs = 10000;

// What begins like this in the directory for temporary files is a keeper's.
constexpr char kTemporaryPrefix[] = "cram-tmp-";

void Say(const std::string& line) {
  (void)WriteFull(STDERR_FILENO, absl::StrCat("cram: ", line, "\n"), "stderr");
}

std::string TemporaryParent() {
  const char* parent = getenv("TMPDIR");
  return parent != nullptr && parent[0] == '/' ? parent : "/tmp";
}

// Directories that a keeper could not remove, because it was killed as well:
// of this user, and nobody holds them any more. A young one may be about to be
// held.
void SweepTemporaryDirectories() {
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator(TemporaryParent(), error)) {
    std::string name = entry.path().filename().string();
    if (!absl::StartsWith(name, kTemporaryPrefix)) continue;
    UniqueFd held(open(entry.path().c_str(),
                       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status;
    if (held.valid() && fstat(held.get(), &status) == 0 &&
        status.st_uid == getuid() && status.st_mtime < time(nullptr) - 60 &&
        flock(held.get(), LOCK_EX | LOCK_NB) == 0) {
      RemoveTree(entry.path().string());
    }
  }
}

// `hold` says for as long as it is open that the directory is in use.
absl::StatusOr<std::string> MakeTemporaryDirectory(const Step& step,
                                                   UniqueFd* hold) {
  std::string path = absl::StrCat(TemporaryParent(), "/", kTemporaryPrefix,
                                  step.run_id, "-XXXXXX");
  if (mkdtemp(&path[0]) == nullptr) return ErrnoStatus("create", path, errno);
  hold->reset(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!hold->valid() || flock(hold->get(), LOCK_EX) != 0) {
    return ErrnoStatus("hold", path, errno);
  }
  return path;
}

// A directory of our own for leaves, where the plugin handed none over and we
// may make one: alone on a machine, as root or below a delegated cgroup.
std::string MakeCgroup() {
  MemoryCgroup mine = FindMemoryCgroup();
  if (mine.v1.empty()) return "";
  std::string path = absl::StrCat(mine.v1, "/cram_", getpid());
  return mkdir(path.c_str(), 0755) == 0 ? path : "";
}

void RemoveCgroup(const std::string& path) {
  if (path.empty()) return;
  // Leaves are still there when the agent was killed. A cgroup directory goes
  // by rmdir although it has files; removing those is refused.
  for (int slot = 0; rmdir(absl::StrCat(path, "/slot_", slot).c_str()) == 0 ||
                     errno != ENOENT;
       ++slot) {
  }
  if (rmdir(path.c_str()) != 0) {
    Say(absl::StrCat("remove ", path, ": ", strerror(errno)));
  }
}

pid_t StartAgent(const AgentOptions& options, const Step& step,
                 const Premises& premises, const sigset_t& old_mask) {
  pid_t pid = fork();
  if (pid != 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigprocmask(SIG_SETMASK, &old_mask, nullptr);
  absl::StatusOr<std::unique_ptr<Agent>> agent =
      Agent::Create(options, step, premises);
  if (!agent.ok()) {
    Say(absl::StrCat(step.node_name, ": ", agent.status().message()));
    _exit(kBadUse);
  }
  int status = (*agent)->Work();
  agent->reset();
  _exit(status);
}

// Waits for the agent; signals that only reach the keeper are passed on. One
// that Slurm sent to all arrives twice, which does no harm.
int WaitFor(pid_t agent, const sigset_t& signals) {
  for (;;) {
    siginfo_t info;
    int signal = sigwaitinfo(&signals, &info);
    if (signal > 0 && signal != SIGCHLD) kill(agent, signal);
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
      if (pid == agent) return status;
    }
  }
}

// Everything that is left is a descendant: the keeper is its subreaper, so
// what loses its parent becomes a child.
void EndLeftovers() {
  for (int i = 0; i < kSweeps; ++i) {
    for (pid_t pid : ChildrenOf(getpid())) kill(pid, SIGKILL);
    pid_t reaped;
    while ((reaped = waitpid(-1, nullptr, WNOHANG)) > 0) {
    }
    // The kernel knows: a look at /proc may miss one that changes its parent.
    if (reaped < 0) return;
    usleep(kBetweenSweepsUs);
  }
}

}  // namespace

int KeepAgent(const AgentOptions& options, const Step& step) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  sigset_t signals, old_mask;
  sigemptyset(&signals);
  for (int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) {
    sigaddset(&signals, signal);
  }
  sigprocmask(SIG_BLOCK, &signals, &old_mask);
  Premises premises;
  SweepTemporaryDirectories();
  UniqueFd hold;
  absl::StatusOr<std::string> temporary = MakeTemporaryDirectory(step, &hold);
  if (!temporary.ok()) {
    Say(absl::StrCat(step.node_name, ": ", temporary.status().message()));
    return kBadUse;
  }
  premises.temporary_directory = *temporary;
  std::string own_cgroup = step.cgroup.empty() ? MakeCgroup() : "";
  premises.cgroup = step.cgroup.empty() ? own_cgroup : step.cgroup;

  int status = kBadUse;
  pid_t agent = StartAgent(options, step, premises, old_mask);
  if (agent < 0) {
    Say(absl::StrCat(step.node_name, ": fork: ", strerror(errno)));
  } else {
    ExitStatus exit = ExitStatus::FromWait(WaitFor(agent, signals));
    EndLeftovers();
    status = exit.code;
    if (exit.signal != 0) {
      Say(absl::StrCat("the agent on ", step.node_name, " was killed by ",
                       SignalName(exit.signal), "; its sub-jobs were ended"));
      status = kStoppedEarly;
    }
  }
  RemoveTree(premises.temporary_directory);
  RemoveCgroup(own_cgroup);
  return status;
}

}  // namespace cram
