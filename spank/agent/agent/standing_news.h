// When the standing of a node is worth a record.
#pragma once

#include "absl/time/time.h"
#include "pack/journal/journal.pb.h"

namespace cram {

// Why slots are idle is worth one as soon as it changes. How many wait, and how
// large those are that run, changes all the time: of that now and then. As a
// sign of life the same is said again. Pure: the time is that of the record.
class StandingNews {
 public:
  // Whether it is time to look; `now` has its peaks not yet.
  bool IsDue(const Standing& now) const;
  // Whether it is to be recorded, and so is the last.
  bool Take(const Standing& now);

 private:
  absl::Duration Since(const Standing& now) const;

  Standing last_;
};

}  // namespace cram
