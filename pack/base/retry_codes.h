// Which ends are worth another attempt.
#pragma once

#include <stdint.h>

#include <bitset>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pack/base/exit_status.h"

namespace cram {

// Exit codes and signals, which are not the same: a shell's 137 is a code.
class EndSet {
 public:
  // "75,137,10-20,SIGSEGV".
  static absl::StatusOr<EndSet> Parse(absl::string_view text);
  bool Contains(const ExitStatus& exit) const;

 private:
  std::bitset<256> codes_;
  std::bitset<65> signals_;
};

struct RetryCodes {
  // "on=75,SIGSEGV", "except=1-10", or both with a colon between.
  static absl::StatusOr<RetryCodes> Parse(absl::string_view text);

  std::optional<EndSet> only;  // none: all
  EndSet never;
  // Of an attempt that ended by an exit code or a signal of its own.
  bool Allow(const ExitStatus& exit) const {
    return (!only || only->Contains(exit)) && !never.Contains(exit);
  }
};

}  // namespace cram
