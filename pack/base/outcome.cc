#include "pack/base/outcome.h"

#include "absl/strings/match.h"

namespace cram {
namespace {

struct StateNames {
  absl::string_view name, short_name, words;
};

constexpr std::array<StateNames, kStates> kStateNames = {{
    {"PENDING", "PD", "not started"},
    {"RUNNING", "R", "running"},
    {"COMPLETED", "CD", "completed"},
    {"FAILED", "F", "failed"},
    {"OUT_OF_MEMORY", "OOM", "out of memory"},
    {"TIMEOUT", "TO", "timed out"},
    {"CANCELLED", "CA", "cancelled"},
    {"NODE_FAIL", "NF", "lost with their node"},
}};

struct CauseRow {
  absl::string_view name;
  State state;
};

constexpr std::array<CauseRow, kCauses> kCauseRows = {{
    {"", State::kPending},
    {"completed", State::kCompleted},
    {"exit code", State::kFailed},
    {"signal", State::kFailed},
    {"own cap", State::kOutOfMemory},
    {"node budget", State::kOutOfMemory},
    {"host out of memory", State::kOutOfMemory},
    {"runtime memory error", State::kFailed},
    {"time limit", State::kTimeout},
    {"cancelled", State::kCancelled},
    {"node lost", State::kNodeFail},
    {"could not start", State::kFailed},
    {"output budget", State::kFailed},
}};

const CauseRow& Row(Cause cause) {
  return kCauseRows[static_cast<size_t>(cause) % kCauses];
}

const StateNames& Row(State state) {
  return kStateNames[static_cast<size_t>(state) % kStates];
}

}  // namespace

absl::string_view StateName(State state) { return Row(state).name; }
absl::string_view StateShortName(State state) { return Row(state).short_name; }
absl::string_view StateWords(State state) { return Row(state).words; }

std::optional<State> ParseState(absl::string_view text) {
  for (State state : kAllStates) {
    if (absl::EqualsIgnoreCase(text, StateName(state)) ||
        absl::EqualsIgnoreCase(text, StateShortName(state))) {
      return state;
    }
  }
  return std::nullopt;
}

absl::string_view CauseName(Cause cause) { return Row(cause).name; }
State StateOf(Cause cause) { return Row(cause).state; }

}  // namespace cram
