// The TMPDIR of a slot's attempts.
#pragma once

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "pack/base/fd.h"

namespace cram {

// To an attempt it is a directory of its own, empty and with a name that no
// other has. In truth it is one directory a slot, emptied after each attempt
// and renamed for the next: on ext4 making and removing a directory costs as
// much as starting a small program (the search for an inode that was not freed
// of late), renaming it a tenth.
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(std::string parent)
      : parent_(std::move(parent)) {}
  ~TemporaryDirectory();

  // Empty, mode 0700, and named `name` below the parent.
  absl::Status Renew(absl::string_view name);
  const std::string& path() const { return path_; }

  // Removes what the attempt put there.
  void Empty();

 private:
  absl::Status Make(std::string path);
  bool IsAsMade() const;

  std::string parent_;
  std::string path_;  // empty: not made, or lost
  UniqueFd fd_;
  ino_t inode_ = 0;
};

}  // namespace cram
