// The words for what became of an attempt.
#pragma once

#include <stddef.h>

#include <array>
#include <optional>

#include "absl/strings/string_view.h"

namespace cram {

// Slurm's own states. The values are stored in journals: never renumber.
enum class State {
  kPending = 0,
  kRunning = 1,
  kCompleted = 2,
  kFailed = 3,
  kOutOfMemory = 4,
  kTimeout = 5,
  kCancelled = 6,
  kNodeFail = 7,
};
inline constexpr size_t kStates = 8;
inline constexpr std::array<State, kStates> kAllStates = {
    State::kPending,     State::kRunning, State::kCompleted, State::kFailed,
    State::kOutOfMemory, State::kTimeout, State::kCancelled, State::kNodeFail};

// Why an attempt ended. The values are stored in journals: never renumber.
enum class Cause {
  kNone = 0,  // not ended
  kCompleted = 1,
  kExitCode = 2,
  kSignal = 3,
  kOwnCap = 4,      // passed its own memory cap
  kNodeBudget = 5,  // the step's memory limit
  kHostOutOfMemory = 6,
  kRuntimeMemoryError = 7,
  kTimeLimit = 8,
  kCancelled = 9,
  kNodeLost = 10,
  kCouldNotStart = 11,  // with an errno
  kOutputBudget = 12,
};
inline constexpr size_t kCauses = 13;

// "OUT_OF_MEMORY" and "OOM".
absl::string_view StateName(State state);
absl::string_view StateShortName(State state);
// Either form, in any case.
std::optional<State> ParseState(absl::string_view text);
// "out of memory": for a sentence.
absl::string_view StateWords(State state);

// "own cap", "time limit", ...: the words of the man pages.
absl::string_view CauseName(Cause cause);

// The state that a cause of death makes. kNone is PENDING.
State StateOf(Cause cause);

}  // namespace cram
