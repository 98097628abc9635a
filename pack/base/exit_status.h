// How a process ended: a type, so that nobody confuses 137 with signal 9.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace cram {

// Either an exit code with signal 0, or a signal with code 0.
struct ExitStatus {
  int code = 0;
  int signal = 0;
  bool core_dumped = false;

  // From the status of wait4(2).
  static ExitStatus FromWait(int wait_status);

  bool success() const { return code == 0 && signal == 0; }
  // As sacct prints ExitCode: "code:signal".
  std::string ToString() const;
};

// "SIGKILL" for 9; "signal 70" for one without a name.
std::string SignalName(int signal);

// "SIGUSR1", "USR1" or "10".
std::optional<int> ParseSignal(absl::string_view text);

}  // namespace cram
