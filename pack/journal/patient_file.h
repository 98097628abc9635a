// A file whose slowness need not hold anybody up.
#pragma once

#include <stddef.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "pack/base/clock.h"
#include "pack/base/fd.h"

namespace cram {

// Writes on a thread of its own, for which the caller waits no longer than it
// wants to. A write to a server that does not answer, or to a file system that
// is frozen, takes minutes, and nothing but that thread can wait for it. Who
// has all the time there is writes without a thread, and so does who gets none.
class PatientFile {
 public:
  // `path` is for the errors.
  PatientFile(UniqueFd fd, std::string path);
  // What is being written may still arrive.
  ~PatientFile();
  PatientFile(const PatientFile&) = delete;
  PatientFile& operator=(const PatientFile&) = delete;

  int fd() const;

  // Takes `bytes` and writes them. OK: everything that was ever given is
  // written. Unavailable: after so long it is being written still; call again
  // to hear more. Other errors: what could not be written is in `bytes` again,
  // before what else is there. What is not begun `before` is not written: it
  // stays in `bytes`, and that is Unavailable, too.
  absl::Status Write(std::string* bytes, absl::Duration patience,
                     Instant before = absl::InfiniteDuration());

  // Taken, and not known to be written.
  size_t pending() const { return pending_; }

 private:
  struct Shared;

  absl::Status Settle(std::string* bytes);
  bool HasThread();  // starts it, if it can

  std::shared_ptr<Shared> shared_;  // with the thread, which may outlive us
  std::string path_;
  size_t pending_ = 0;
  bool started_ = false;
};

}  // namespace cram
