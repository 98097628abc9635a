#include "spank/agent/runner/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pack/base/die_with_parent.h"
#include "spank/agent/runner/clone_into.h"

namespace cram {
namespace {

// Shared between the child and the suspended parent.
struct Failure {
  const char* step;
  int error;
  pid_t parent;
};

// Written in the child, read by the parent after vfork returns: volatile
// keeps the compiler from caching it over the call.
[[noreturn]] void Fail(volatile Failure* failure, const char* step) {
  failure->error = errno;
  failure->step = step;
  _exit(127);
}

void DefaultSignals(const std::vector<int>* ignored) {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  if (ignored != nullptr) {
    for (int signal : *ignored) sigaction(signal, &action, nullptr);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// dup2 clears close-on-exec, except onto itself.
bool Redirect(int from, int to) {
  if (from == to) return fcntl(to, F_SETFD, 0) == 0;
  return dup2(from, to) == to;
}

// Only async-signal-safe calls: this is another process in the same memory.
[[noreturn]] void Child(const SpawnRequest& request, bool is_in_cgroup,
                        volatile Failure* failure) {
  if (request.child != nullptr) *request.child = getpid();
  DieWithParent(failure->parent);
  if (!is_in_cgroup && request.cgroup_procs_fd >= 0 &&
      write(request.cgroup_procs_fd, "0", 1) != 1) {
    Fail(failure, "enter cgroup");
  }
  if (request.cpus != nullptr &&
      sched_setaffinity(0, sizeof *request.cpus, request.cpus) != 0) {
    Fail(failure, "sched_setaffinity");
  }
  if (request.open_files != nullptr &&
      setrlimit(RLIMIT_NOFILE, request.open_files) != 0) {
    Fail(failure, "setrlimit");
  }
  if (request.data != nullptr && setrlimit(RLIMIT_DATA, request.data) != 0) {
    Fail(failure, "setrlimit");
  }
  if (request.mark != nullptr) setrlimit(RLIMIT_RTTIME, request.mark);
  setsid();
  if (!Redirect(request.stdin_fd, 0) || !Redirect(request.stdout_fd, 1) ||
      !Redirect(request.stderr_fd, 2)) {
    Fail(failure, "dup2");
  }
  if (request.report_fd >= 0 && !Redirect(request.report_fd, 3)) {
    Fail(failure, "dup2");
  }
  if (request.kept_fds != nullptr) {
    for (int fd : *request.kept_fds) fcntl(fd, F_SETFD, 0);
  }
  if (request.cwd != nullptr && chdir(request.cwd) != 0) {
    Fail(failure, "chdir");
  }
  DefaultSignals(request.ignored_signals);
  int error = ENOENT;
  for (const std::string& program : *request.programs) {
    execve(program.c_str(), request.argv, request.envp);
    // A directory of PATH without the program, or with one that is not ours
    // to run, does not end the search; the most telling error is kept.
    if (errno != ENOENT && errno != ENOTDIR) error = errno;
    if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) break;
  }
  errno = error;
  Fail(failure, "execve");
}

struct ChildFacts {
  const SpawnRequest* request;
  volatile Failure* failure;
};

[[noreturn]] void ChildInCgroup(void* facts) {
  auto* child = static_cast<ChildFacts*>(facts);
  Child(*child->request, true, child->failure);
}

pid_t Fork(const SpawnRequest& request, volatile Failure* failure) {
  if (request.cgroup_fd >= 0) {
    ChildFacts facts = {&request, failure};
    pid_t pid = CloneIntoCgroup(request.cgroup_fd, ChildInCgroup, &facts);
    if (pid > 0) return pid;
  }
  pid_t pid = vfork();
  if (pid == 0) Child(request, false, failure);
  return pid;
}

}  // namespace

std::vector<int> IgnoredSignals() {
  std::vector<int> ignored;
  struct sigaction action;
  for (int signal = 1; signal < SIGRTMIN; ++signal) {
    if (sigaction(signal, nullptr, &action) == 0 &&
        action.sa_handler == SIG_IGN) {
      ignored.push_back(signal);
    }
  }
  return ignored;
}

SpawnResult Spawn(const SpawnRequest& request) {
  volatile Failure failure = {nullptr, 0, getpid()};
  pid_t pid = Fork(request, &failure);
  SpawnResult result;
  if (pid < 0) {
    result.failed_step = "fork";
    result.error = errno;
  } else if (failure.step != nullptr) {
    while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    result.failed_step = failure.step;
    result.error = failure.error;
  } else {
    result.pid = pid;
  }
  return result;
}

}  // namespace cram
