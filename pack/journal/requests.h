// The file by which a user speaks to a run while it goes on.
#pragma once

#include <stdint.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pack/journal/requests.pb.h"

namespace cram {

// Made by the run's first agent in the run directory, with mode 0600: who may
// write it may ask. The agents carry out what is in it, in its order, and the
// root says in its journal how far they have come (Answered). Nobody needs to
// reach a node over a network for it, and who takes the root's place finds it
// there.
absl::Status CreateRequests(const std::string& path);

// Returns the position behind it. Who is not the run's user is refused.
absl::StatusOr<uint64_t> AppendRequest(const std::string& path,
                                       const Request& request);

// Reads requests as they come.
class RequestReader {
 public:
  explicit RequestReader(std::string path);

  // Those that came since the last call. The file is opened anew each time:
  // that is when a network file system looks whether it has grown. Errors: it
  // cannot be read, is not ours, is damaged; then nothing more can be asked.
  absl::StatusOr<std::vector<Request>> ReadNew();

  uint64_t position() const { return position_; }

 private:
  std::string path_;
  uint64_t position_;
};

}  // namespace cram
