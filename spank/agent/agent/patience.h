// How long agents wait for one another.
#pragma once

#include "absl/time/time.h"

namespace cram {

// Everything is a part of one time. A child that its parent does not hear for
// all of it is given up. The child knows: when nobody above has vouched for it
// for its lease, which is shorter, it records nothing more until somebody does.
class Patience {
 public:
  // A minute is what NFS takes to fail over, and twice what Linux keeps
  // written data to itself: what an agent recorded before it was given up is
  // there to be read by others.
  static constexpr absl::Duration kDefault = absl::Seconds(60);

  explicit Patience(absl::Duration unit = kDefault) : unit_(unit) {}
  // $CRAM_PATIENCE, in seconds, 1 to 3600.
  static Patience FromEnvironment();

  absl::Duration silence() const { return unit_; }
  absl::Duration lease() const { return unit_ * 3 / 4; }
  // After so long without a word somebody else is asked.
  absl::Duration looks_elsewhere() const { return unit_ / 2; }
  // Who has not come since the start. The file that says where its parent
  // listens may be slow to show in a network file system.
  absl::Duration absence() const { return unit_ * 2; }
  absl::Duration absence_lease() const { return unit_ * 3 / 2; }
  // Who comes later than that after the first agent could still believe in its
  // first share when that has been given to others.
  absl::Duration lateness() const { return unit_ / 2; }
  // At the start the parent alone is looked for: it will come.
  absl::Duration parent_alone() const { return unit_ / 6; }
  // After a connection broke the child has so long to come back, and the
  // agents below it to come instead.
  absl::Duration grace() const { return unit_ / 6; }
  // A parent vouches for its children so often, and answers so soon.
  absl::Duration beat() const { return unit_ / 12; }
  absl::Duration answer() const { return unit_ / 12; }
  absl::Duration between_checks() const { return unit_ / 24; }
  // What sleeps for so long was stopped; what it did not hear says nothing.
  absl::Duration nap() const { return unit_ / 4; }

 private:
  absl::Duration unit_;
};

}  // namespace cram
