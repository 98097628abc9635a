// The agents that the loss of the first one leaves, and which ends last.
#pragma once

#include <string>

#include "pack/base/fd.h"

namespace cram {

// They have no word for each other any more, so each that notices holds a lock
// on the same file until it ends, however it ends.
class LeftAlone {
 public:
  // This process is one of them from now on. `path`: a file of the run that is
  // not locked otherwise.
  explicit LeftAlone(const std::string& path);

  // To be asked once: whether no other is left; of two that ask at the same
  // time one is told so. Where the file system knows no locks, or not those of
  // other nodes, more than one is the last.
  bool IsLast();

 private:
  UniqueFd file_;
};

}  // namespace cram
