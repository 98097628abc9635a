#include "pack/journal/patient_file.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

#include "absl/strings/str_cat.h"
#include "pack/base/clock.h"
#include "pack/base/io.h"

namespace cram {
namespace {

// Removes from `bytes` what was written. Returns an errno, or 0.
int WriteFront(int fd, std::string* bytes) {
  size_t done = 0;
  int error = 0;
  while (done < bytes->size() && error == 0) {
    ssize_t n = write(fd, bytes->data() + done, bytes->size() - done);
    if (n >= 0) {
      done += static_cast<size_t>(n);
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  bytes->erase(0, done);
  return error;
}

}  // namespace

struct PatientFile::Shared {
  UniqueFd fd;
  std::mutex mutex;
  std::condition_variable changed;
  std::string bytes;  // the thread's while it is busy
  Instant before;
  int error = 0;
  bool busy = false;
  bool leave = false;

  void Work();
};

void PatientFile::Shared::Work() {
  std::unique_lock<std::mutex> lock(mutex);
  for (;;) {
    changed.wait(lock, [this] { return busy || leave; });
    if (!busy) return;
    lock.unlock();
    // It may have been waiting for a CPU.
    int problem = MonotonicNow() < before ? WriteFront(fd.get(), &bytes) : 0;
    lock.lock();
    error = problem;
    busy = false;
    changed.notify_all();
  }
}

PatientFile::PatientFile(UniqueFd fd, std::string path)
    : shared_(std::make_shared<Shared>()), path_(std::move(path)) {
  shared_->fd = std::move(fd);
}

PatientFile::~PatientFile() {
  std::lock_guard<std::mutex> lock(shared_->mutex);
  shared_->leave = true;
  shared_->changed.notify_all();
}

int PatientFile::fd() const { return shared_->fd.get(); }

// With the lock, while the thread is not busy: what became of what it was
// given.
absl::Status PatientFile::Settle(std::string* bytes) {
  int error = shared_->error;
  shared_->error = 0;
  if (!shared_->bytes.empty()) bytes->insert(0, shared_->bytes);
  shared_->bytes.clear();
  pending_ = 0;
  return error == 0 ? absl::OkStatus() : ErrnoStatus("write", path_, error);
}

bool PatientFile::HasThread() {
  if (started_) return true;
  // Signals are for others.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    std::thread([shared = shared_] { shared->Work(); }).detach();
    started_ = true;
  } catch (const std::system_error&) {
    // As many processes as the user may have: there may be fewer later.
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return started_;
}

absl::Status PatientFile::Write(std::string* bytes, absl::Duration patience,
                                Instant before) {
  Shared& shared = *shared_;
  std::unique_lock<std::mutex> lock(shared.mutex);
  auto idle = [&shared] { return !shared.busy; };
  bool waits = patience == absl::InfiniteDuration();
  if (waits) shared.changed.wait(lock, idle);
  absl::Status slow = absl::UnavailableError(
      absl::StrCat("write ", path_, ": the file system does not answer"));
  if (shared.busy) return slow;
  absl::Status status = Settle(bytes);
  if (!status.ok() || bytes->empty()) return status;
  if (MonotonicNow() >= before) return slow;
  if (waits || !HasThread()) {
    int error = WriteFront(fd(), bytes);
    return error == 0 ? absl::OkStatus() : ErrnoStatus("write", path_, error);
  }
  shared.before = before;
  shared.bytes.swap(*bytes);
  pending_ = shared.bytes.size();
  shared.busy = true;
  shared.changed.notify_all();
  shared.changed.wait_for(lock, absl::ToChronoMilliseconds(patience), idle);
  if (shared.busy) return slow;
  status = Settle(bytes);
  return status.ok() && !bytes->empty() ? slow : status;
}

}  // namespace cram
