// Starts one process with everything prepared before.
#pragma once

#include <sched.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <atomic>
#include <string>
#include <vector>

namespace cram {

// What the process is to be. Everything is borrowed for the call only.
struct SpawnRequest {
  // Tried in order until one of them is there, as a shell goes through PATH.
  const std::vector<std::string>* programs = nullptr;
  char* const* argv = nullptr;
  char* const* envp = nullptr;
  const char* cwd = nullptr;  // nullptr: the caller's
  int stdin_fd = -1;          // each required
  int stdout_fd = -1;
  int stderr_fd = -1;
  int report_fd = -1;  // becomes descriptor 3; -1: none does
  // Stay open, with their numbers, all above 3.
  const std::vector<int>* kept_fds = nullptr;
  // A cgroup2's directory that it is started in, where that can be (see
  // clone_into.h); else it enters by itself:
  int cgroup_fd = -1;
  int cgroup_procs_fd = -1;  // open for writing; -1: stay
  // Where it is to run. nullptr: where the caller does; but who enters a
  // cgroup2 with another cpuset is put onto all CPUs of that by the kernel.
  const cpu_set_t* cpus = nullptr;
  const rlimit* open_files = nullptr;  // RLIMIT_NOFILE; nullptr: the caller's
  const rlimit* data = nullptr;        // RLIMIT_DATA, likewise
  // RLIMIT_RTTIME; nullptr, or where the caller's is lower: the caller's.
  const rlimit* mark = nullptr;
  // What is to be put back to its default; the kernel does that for handlers.
  const std::vector<int>* ignored_signals = nullptr;
  // Where the child writes its pid before it does anything else: another
  // thread that reaps it may be faster than this call.
  std::atomic<pid_t>* child = nullptr;
};

// Those that this process ignores: they stay so over execve. SIGPIPE by the
// agent, others by nohup or by the shell that put it into the background.
std::vector<int> IgnoredSignals();

// Either a pid, or what could not be done and why.
struct SpawnResult {
  pid_t pid = -1;
  std::string failed_step;  // "chdir", "execve", ...
  int error = 0;            // errno
};

// The process leads a session of its own, dies with the calling thread, has
// default signal dispositions and an empty mask. Errors up to and
// including execve(2) come back here: there is no child then, and nothing to
// reap.
//
// The child runs in the caller's memory (vfork) until it has exec'd: one page
// table copy less for each sub-job, and its errno needs no pipe.
SpawnResult Spawn(const SpawnRequest& request);

}  // namespace cram
