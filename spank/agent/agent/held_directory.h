// A directory for a run on this node, which goes when its keeper does.
#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "pack/base/fd.h"

namespace cram {

// Removed with all that is in it when it dies. One that outlives its keeper
// (killed) is removed by the user's next: it is locked for as long as it is
// held.
class HeldDirectory {
 public:
  // `parent`/cram-tmp-`run`-XXXXXX, mode 0700. Removes what others of this user
  // have left in `parent`.
  static absl::StatusOr<HeldDirectory> Make(const std::string& parent,
                                            const std::string& run);
  // Removes those of a run whose keeper was killed. Waits for one that is still
  // held, for some seconds at most: then it stays.
  static void Remove(const std::string& parent, const std::string& run);

  HeldDirectory(HeldDirectory&& other) noexcept
      : path_(std::exchange(other.path_, "")), hold_(std::move(other.hold_)) {}
  HeldDirectory& operator=(HeldDirectory&&) = delete;
  ~HeldDirectory();

  const std::string& path() const { return path_; }

 private:
  HeldDirectory(std::string path, UniqueFd hold)
      : path_(std::move(path)), hold_(std::move(hold)) {}

  std::string path_;
  UniqueFd hold_;
};

}  // namespace cram
