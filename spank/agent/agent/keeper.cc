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
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "pack/base/die_with_parent.h"
#include "pack/base/exit_status.h"
#include "pack/base/io.h"
#include "pack/journal/journal_writer.h"
#include "spank/agent/agent/agent.h"
#include "spank/agent/agent/held_directory.h"
#include "spank/agent/agent/make_run_directory.h"
#include "spank/agent/caps/cgroup_mounts.h"
#include "spank/agent/caps/control_file.h"
#include "spank/agent/caps/left_files.h"
#include "spank/agent/caps/process_table.h"

namespace cram {
namespace {

// How long leftovers get to die of SIGKILL.
constexpr int kSweeps = 500;
constexpr useconds_t kBetweenSweepsUs = 10000;

// What begins like this in a memory cgroup is a keeper's.
constexpr char kCgroupPrefix[] = "cram_";

void Say(const std::string& line) {
  (void)WriteFull(STDERR_FILENO, absl::StrCat("cram: ", line, "\n"), "stderr");
}

std::string TemporaryParent() {
  const char* parent = getenv("TMPDIR");
  return parent != nullptr && parent[0] == '/' ? parent : "/tmp";
}

// Those of keepers that were killed: their names have the process id.
void SweepCgroups(const std::string& above) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(above, error)) {
    std::string name = entry.path().filename().string();
    absl::string_view number = name;
    pid_t keeper = 0;
    if (absl::ConsumePrefix(&number, kCgroupPrefix) &&
        absl::SimpleAtoi(number, &keeper) && keeper > 0 &&
        kill(keeper, 0) != 0 && errno == ESRCH) {
      RemoveCgroup(entry.path().string());
    }
  }
}

// A cgroup of our own, where the plugin handed none over and we may make one:
// alone on a machine, as root or where one was delegated. With v2 it cannot be
// below the one that we are in, since that one has processes, so it is beside;
// only the root may have both.
std::string MakeCgroup() {
  MemoryCgroup mine = FindMemoryCgroup();
  std::string above = mine.v1.empty() ? mine.v2 : mine.v1;
  if (mine.v1.empty() && mine.v2.size() > mine.v2_mount.size()) {
    above.resize(above.rfind('/'));
  }
  if (above.empty()) return "";
  SweepCgroups(above);
  std::string path = absl::StrCat(above, "/", kCgroupPrefix, getpid());
  if (mkdir(path.c_str(), 0755) != 0) return "";
  if (!mine.v1.empty()) return path;
  ControlFile control;
  absl::Status status = control.Open(path, "cgroup.subtree_control", O_WRONLY);
  if (status.ok()) status = control.Write("+memory");
  if (status.ok()) return path;
  RemoveCgroup(path);
  return "";
}

// Slurm suspends a step by SIGTSTP to its tasks and, two seconds later, by
// freezing what it knows of, and resumes it by SIGCONT. It does not know of the
// cgroup2 of our sub-jobs, which is beside the agent's.
class Freezer {
 public:
  explicit Freezer(const std::string& cgroup) {
    if (!cgroup.empty()) {
      (void)control_.Open(cgroup, "cgroup.freeze", O_WRONLY);
    }
  }
  void Stop(bool stop) {
    if (control_.valid()) (void)control_.Write(stop ? "1" : "0");
  }

 private:
  ControlFile control_;
};

// Sub-jobs are of the same user. None shall trace us, look into our memory or
// take our descriptors, by which its cap is set: ptrace(2), proc(5),
// process_vm_writev(2), pidfd_getfd(2). (The price is no core file of ours.)
void KeepOthersOut() { prctl(PR_SET_DUMPABLE, 0); }

pid_t StartAgent(const AgentOptions& options, const Step& step,
                 Premises premises, const sigset_t& old_mask) {
  pid_t keeper = getpid(), pid = fork();
  if (pid == 0) {
    // Then it is root's.
    premises.oom_score_file =
        open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  }
  KeepOthersOut();
  if (pid != 0) return pid;
  DieWithParent(keeper);
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
int WaitFor(pid_t agent, const sigset_t& signals, Freezer* freezer) {
  for (;;) {
    siginfo_t info;
    int signal = sigwaitinfo(&signals, &info);
    if (signal == SIGTSTP || signal == SIGCONT) {
      freezer->Stop(signal == SIGTSTP);
    }
    if (signal > 0 && signal != SIGCHLD) kill(agent, signal);
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
      if (pid == agent) return status;
    }
  }
}

// In the agent's place: what it had running is lost, and nobody needs to wait
// for its records.
void CloseJournal(const std::string& path, const std::string& reason) {
  absl::StatusOr<std::unique_ptr<JournalWriter>> journal =
      JournalWriter::Continue(path);
  if (!journal.ok()) return;  // it may have had none yet
  JournalRecord record;
  record.mutable_closed()->set_time_ns(absl::ToUnixNanos(absl::Now()));
  record.mutable_closed()->set_reason(reason);
  (*journal)->Append(record);
  (void)(*journal)->Sync();
}

// The others run what it had, and Slurm may be told to end a step when a task
// fails (--kill-on-bad-exit): the first agent's status is the run's.
int StatusWithoutAgent(const Step& step) {
  return step.node_id == 0 ? kStoppedEarly : kAllCompleted;
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
  absl::Time start = absl::Now();
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  sigset_t signals, old_mask;
  sigemptyset(&signals);
  for (int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) {
    sigaddset(&signals, signal);
  }
  Freezer freezer(step.cgroup);
  if (step.in_slurm) {
    for (int signal : {SIGTSTP, SIGCONT}) sigaddset(&signals, signal);
  }
  sigprocmask(SIG_BLOCK, &signals, &old_mask);
  Premises premises;
  absl::StatusOr<HeldDirectory> temporary =
      HeldDirectory::Make(TemporaryParent(), step.run_id);
  if (!temporary.ok()) {
    Say(absl::StrCat(step.node_name, ": ", temporary.status().message()));
    return kBadUse;
  }
  premises.temporary_directory = temporary->path();
  // Where there is none, ranks share memory as they will.
  absl::StatusOr<HeldDirectory> shared =
      HeldDirectory::Make(kSharedMemory, step.run_id);
  if (shared.ok()) premises.shared_memory = shared->path();
  std::string own_cgroup = step.cgroup.empty() ? MakeCgroup() : "";
  premises.cgroup = step.cgroup.empty() ? own_cgroup : step.cgroup;
  premises.cgroup_files = step.cgroup_files;

  int status = kBadUse;
  pid_t agent = StartAgent(options, step, premises, old_mask);
  if (agent < 0) {
    Say(absl::StrCat(step.node_name, ": fork: ", strerror(errno)));
  } else {
    ExitStatus exit = ExitStatus::FromWait(WaitFor(agent, signals, &freezer));
    EndLeftovers();
    // What several sub-jobs had a part in, or still had open as one of them
    // ended.
    RemoveLeftFiles(kSharedMemory, start, premises.cgroup);
    status = exit.code;
    if (exit.signal != 0) {
      std::string what =
          absl::StrCat("the agent on ", step.node_name, " was killed by ",
                       SignalName(exit.signal));
      RunDirectory directory = RunDirectoryOf(options, step);
      Say(absl::StrCat(what, "; its sub-jobs were ended"));
      CloseJournal(directory.journal(step.node_id), what);
      // Of several nodes the others do what they can, and say it then.
      if (step.nodes == 1) Say(ToGoOn(step, directory));
      status = StatusWithoutAgent(step);
    } else if (exit.code == kGivenUp) {
      CloseJournal(RunDirectoryOf(options, step).journal(step.node_id),
                   "it was given up by the agent above");
      status = StatusWithoutAgent(step);
    }
  }
  // Slots are still there when the agent was killed.
  if (!own_cgroup.empty() && !RemoveCgroup(own_cgroup)) {
    Say(absl::StrCat("remove ", own_cgroup, ": ", strerror(errno)));
  }
  return status;
}

void SweepAfterKeeper(const Step& step, absl::Time start) {
  HeldDirectory::Remove(TemporaryParent(), step.run_id);
  HeldDirectory::Remove(kSharedMemory, step.run_id);
  RemoveLeftFiles(kSharedMemory, start, step.cgroup);
}

}  // namespace cram
