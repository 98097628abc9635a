// Whether a journal's writer lives, as others see it.
#pragma once

#include <string>

#include "absl/time/time.h"

namespace cram {

// It holds the file by flock(2) for as long as it lives, which a kill -9 ends
// as well. Not every file system shows locks to other nodes, so it also writes
// a record this often, news or not.
inline constexpr absl::Duration kSignOfLife = absl::Minutes(1);
// For who finds no lock. A network file system may show files late.
inline constexpr absl::Duration kSilence = absl::Minutes(3);

// For the writer. Where there are no locks nobody is told.
void HoldJournal(int fd);

// As far as the file system tells: false is no proof.
bool JournalIsHeld(const std::string& path);

// Nobody holds it, and nothing was written to it for kSilence before `now`. A
// journal that is not there has no writer either.
bool JournalIsAbandoned(const std::string& path, absl::Time now);

}  // namespace cram
