// Who looks at the files of a tmpfs.
#pragma once

#include "absl/time/time.h"
#include "pack/base/fd.h"

namespace cram {

// To look whether a file is in use one opens it, and so it is in use to another
// that looks. So the agents of a node take turns: `directory`, the tmpfs, is
// locked, flock(2), until it is closed. False: others had it for `patience`.
bool TakeTurn(const UniqueFd& directory, absl::Duration patience);

}  // namespace cram
