// A file that is written beside the name that it will have.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pack/base/fd.h"

namespace cram {

// `path`.part, locked, so that there is one at a time; what a killed writer
// left there is used again. Whatever happens before TakeName(), what is at
// `path` stays as it is.
class PreparedFile {
 public:
  // Empty. At `path` there must be nothing, or a regular file, which is
  // replaced. Error: somebody else is writing it.
  static absl::StatusOr<std::unique_ptr<PreparedFile>> Create(
      const std::string& path);
  // The same, for what is made of the file that is there, or that a symbolic
  // link of this name leads to; it is locked for as long, and this gets its
  // mode. Errors: there is none; somebody else is adding to it.
  static absl::StatusOr<std::unique_ptr<PreparedFile>> CreateFrom(
      const std::string& name);
  // Removes one that never took its name, but not in the child of a fork.
  ~PreparedFile();

  const std::string& path() const { return path_; }
  int fd() const { return fd_.get(); }
  // With CreateFrom(): what is there.
  int old_fd() const { return old_.get(); }

  // Once, when everything is written. Error: what it was made of was replaced
  // meanwhile.
  absl::Status TakeName();

 private:
  explicit PreparedFile(const std::string& path);
  absl::Status Open();

  std::string path_, part_;
  pid_t process_;
  UniqueFd fd_, old_;
  bool is_there_ = false;  // at part_, and ours
};

}  // namespace cram
