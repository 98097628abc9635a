// The TMPDIR of a slot's attempts.
#pragma once

#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "pack/base/clock.h"
#include "pack/base/fd.h"

namespace cram {

// To an attempt it is a directory of its own, empty. In truth it is one
// directory a slot, emptied after each attempt: on ext4 making and removing a
// directory costs as much as starting a small program (the search for an inode
// that was not freed of late).
class AttemptDirectory {
 public:
  // `parent`/`slot`.0, and should that be lost, `parent`/`slot`.1, ...
  AttemptDirectory(std::string parent, uint32_t slot)
      : parent_(std::move(parent)), slot_(slot) {}
  ~AttemptDirectory();

  // Before each attempt: it is there, empty, with mode 0700.
  absl::Status Prepare();
  const std::string& path() const { return path_; }

  // Removes what the attempt put there. Should something stay all the same, the
  // next attempt's directory has another name.
  void Empty();

 private:
  bool IsAsMade();
  bool HoldsNothing();

  std::string parent_;
  uint32_t slot_;
  uint64_t made_ = 0;
  std::string path_;  // empty: not made, or lost
  UniqueFd fd_;
  ino_t inode_ = 0;
  timespec changed_ = {};  // st_ctime
  Instant changed_seen_;
  bool settled_ = false;  // it was empty when a change had another changed_
};

}  // namespace cram
