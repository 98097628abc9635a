// A thread that starts the processes of one slot, so that nobody else waits
// while a program is being loaded.
#pragma once

#include <pthread.h>
#include <sched.h>
#include <sys/types.h>

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "pack/base/fd.h"
#include "spank/agent/runner/spawn.h"

namespace cram {

// Spawn() holds its caller until the child has exec'd; here that is the
// launcher's thread, which goes to the child's CPUs first: the child begins
// where it is to run, and is not moved there.
//
// The processes die with the launcher. One at a time: the last has been reaped
// when the next is launched, and what else is a child of the thread is killed
// then (see foreign_children.h).
class Launcher {
 public:
  static absl::StatusOr<std::unique_ptr<Launcher>> Create();
  // Waits for a launch that is under way.
  ~Launcher();

  // Readable when a launch has failed, or has come to its result after
  // TellWhenDone. Who starts short programs hears of their end soon enough, and
  // is woken once for each in place of twice.
  int done_fd() const { return done_.get(); }

  // What `request` points to stays as it is until the result is taken; `cpus`
  // are where the process is to run.
  void Launch(const SpawnRequest& request, const cpu_set_t& cpus);

  // The result; none while the launch is under way. Clears done_fd.
  std::optional<SpawnResult> TakeResult();

  // done_fd is to tell of the launch under way, or of a result not yet taken.
  void TellWhenDone();

  // The child of the launch under way, from its first moment on; 0 when there
  // is none. It may have run, ended and been reaped before its result is here.
  pid_t child() const { return child_.load(); }

 private:
  Launcher() = default;
  static void* Run(void* launcher);
  void Tell() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  SpawnResult Start(const SpawnRequest& request, const cpu_set_t& cpus);
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return launching_ || stop_;
  }

  std::vector<int> ignored_signals_ = IgnoredSignals();
  UniqueFd done_;
  pthread_t thread_ = {};
  bool has_thread_ = false;
  std::atomic<pid_t> child_ = 0;
  absl::Mutex mutex_;
  bool launching_ ABSL_GUARDED_BY(mutex_) = false;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_to_tell_ ABSL_GUARDED_BY(mutex_) = false;
  bool told_ ABSL_GUARDED_BY(mutex_) = false;
  SpawnRequest request_ ABSL_GUARDED_BY(mutex_);
  cpu_set_t cpus_ ABSL_GUARDED_BY(mutex_) = {};
  std::optional<SpawnResult> result_ ABSL_GUARDED_BY(mutex_);

  cpu_set_t at_cpus_ = {};  // where the thread is; its own; empty: anywhere
};

}  // namespace cram
