#include "sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup_files.h"
#include "waiting.h"

enum { kDyingMilliseconds = 1000 };

// A directory of its own: with v2 no process may be in one that has others.
static int open_own_cgroup(const struct cgroup* cgroup) {
  int cram = cgroup_open(AT_FDCWD, cgroup->path);
  if (cram < 0) return -1;
  // Of a job that is suspended it is frozen, with v2 and all that enters it.
  (void)cgroup_write(cram, "cgroup.freeze", "0");
  int own = cgroup_make_directory(cram, "sweep");
  int error = errno;
  close(cram);
  errno = error;
  return own;
}

// What was slurmstepd's: the OOM killer spares it, for one.
static int give_up_inheritance(void) {
  sigset_t none;
  sigemptyset(&none);
  int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  // Refused where it was above 0.
  if (score < 0 || (write(score, "0", 1) != 1 && errno != EACCES)) return -1;
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int i = 0; i <= STDERR_FILENO; i++) {
    if (dup2(null, i) < 0) return -1;
  }
  // Where the kernel has no such call, Slurm's own are close-on-exec.
  (void)syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0);
  return sigprocmask(SIG_SETMASK, &none, NULL);
}

static int become(uid_t uid, gid_t gid) {
  if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 ||
      setresuid(uid, uid, uid) != 0) {
    return -1;
  }
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

// In the child: slurmstepd has threads, so nothing but system calls.
static void sweep_child(const struct sweep* sweep, int own,
                        char* const* arguments) {
  if ((own < 0 || cgroup_write(own, "cgroup.procs", "0") == 0) &&
      chdir("/") == 0 && give_up_inheritance() == 0 &&
      become(sweep->uid, sweep->gid) == 0) {
    execve(sweep->agent, arguments, sweep->environment);
  }
  _exit(127);
}

static int wait_for(pid_t pid, int milliseconds) {
  long end = milliseconds_now() + milliseconds;
  int status = 0, late = 0;
  pid_t ended;
  while ((ended = waitpid(pid, &status, WNOHANG)) != pid) {
    if (ended < 0 && errno != EINTR) return -1;
    if (milliseconds_now() >= end) {
      // In a file system that hangs not even SIGKILL ends it.
      if (late) break;
      late = 1;
      kill(pid, SIGKILL);
      end += kDyingMilliseconds;
    }
    pause_milliseconds(5);
  }
  errno = late ? ETIMEDOUT : ECANCELED;
  return !late && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

int sweep_run(const struct sweep* sweep, const struct cgroup* cgroup,
              int milliseconds) {
  char since[64];
  snprintf(since, sizeof since, "--sweep=%lld", (long long)sweep->since);
  char* arguments[] = {(char*)sweep->agent, since, NULL};
  int own = -1;
  if (cgroup->path[0] && (own = open_own_cgroup(cgroup)) < 0) return -1;
  pid_t pid = fork();
  if (pid == 0) sweep_child(sweep, own, arguments);
  int error = errno;
  if (own >= 0) close(own);
  errno = error;
  return pid > 0 ? wait_for(pid, milliseconds) : -1;
}
