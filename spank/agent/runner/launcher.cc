#include "spank/agent/runner/launcher.h"

#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "pack/base/io.h"
#include "spank/agent/runner/foreign_children.h"

namespace cram {
namespace {

// The child works on it as well until it has exec'd. The default may be
// gigabytes: it follows `ulimit -s`.
constexpr size_t kStackBytes = 256 << 10;

// Another sub-job may have made as many processes as there may be: that is no
// fault of the next one's, which waits for ten seconds.
constexpr int kTriesToFork = 200;
constexpr useconds_t kBetweenTriesUs = 50000;

int StartThread(pthread_t* thread, void* (*run)(void*), void* argument) {
  // Signals are for the thread that waits for them.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  int error = pthread_create(thread, &attributes, run, argument);
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return error;
}

SpawnResult Failed(const char* step, int error) {
  SpawnResult result;
  result.failed_step = step;
  result.error = error;
  return result;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Launcher>> Launcher::Create() {
  std::unique_ptr<Launcher> launcher(new Launcher());
  launcher->done_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!launcher->done_.valid()) return ErrnoStatus("eventfd", "", errno);
  int error = StartThread(&launcher->thread_, &Launcher::Run, launcher.get());
  if (error != 0) return ErrnoStatus("start thread", "", error);
  launcher->has_thread_ = true;
  return launcher;
}

Launcher::~Launcher() {
  if (!has_thread_) return;
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  pthread_join(thread_, nullptr);
}

void Launcher::Launch(const SpawnRequest& request, const cpu_set_t& cpus) {
  absl::MutexLock lock(&mutex_);
  request_ = request;
  cpus_ = cpus;
  launching_ = true;
}

std::optional<SpawnResult> Launcher::TakeResult() {
  absl::MutexLock lock(&mutex_);
  if (told_) {
    uint64_t count;
    (void)read(done_.get(), &count, sizeof count);
    told_ = false;
  }
  std::optional<SpawnResult> result = std::move(result_);
  result_.reset();
  if (result) child_ = 0;
  return result;
}

void Launcher::TellWhenDone() {
  absl::MutexLock lock(&mutex_);
  if (result_) {
    Tell();
  } else {
    is_to_tell_ = true;
  }
}

void Launcher::Tell() {
  uint64_t one = 1;
  (void)write(done_.get(), &one, sizeof one);
  told_ = true;
}

SpawnResult Launcher::Start(const SpawnRequest& request,
                            const cpu_set_t& cpus) {
  if (CPU_COUNT(&cpus) == 0 || !CPU_EQUAL(&cpus, &at_cpus_)) {
    if (sched_setaffinity(0, sizeof cpus, &cpus) != 0) {
      return Failed("sched_setaffinity", errno);
    }
    at_cpus_ = cpus;
  }
  if (!EndForeignChildren()) return Failed("end what was left", EBUSY);
  SpawnResult result = Spawn(request);
  for (int i = 0; i < kTriesToFork && result.failed_step == "fork" &&
                  result.error == EAGAIN;
       ++i) {
    usleep(kBetweenTriesUs);
    result = Spawn(request);
  }
  return result;
}

void* Launcher::Run(void* launcher) {
  auto* self = static_cast<Launcher*>(launcher);
  for (;;) {
    SpawnRequest request;
    cpu_set_t cpus;
    {
      absl::MutexLock lock(&self->mutex_);
      self->mutex_.Await(absl::Condition(self, &Launcher::HasWork));
      if (!self->launching_) return nullptr;
      request = self->request_;
      cpus = self->cpus_;
    }
    request.child = &self->child_;
    if (request.cgroup_fd >= 0) request.cpus = &cpus;
    request.ignored_signals = &self->ignored_signals_;
    SpawnResult result = self->Start(request, cpus);
    absl::MutexLock lock(&self->mutex_);
    self->launching_ = false;
    if (self->is_to_tell_ || result.pid < 0) self->Tell();
    self->is_to_tell_ = false;
    self->result_ = std::move(result);
  }
}

}  // namespace cram
