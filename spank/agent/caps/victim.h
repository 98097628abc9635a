// Which process of an attempt had to go when its memory ran out.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace cram {

struct Victim {
  pid_t pid = 0;
  std::string command;  // as CommandText makes it; "[name]" when only that is
                        // known, empty when nothing is
  uint64_t bytes = 0;   // resident anonymous and shared memory; 0: not known
  bool dying = false;   // it was killed already when it was seen
};

// The most bytes that a recorded command line has.
inline constexpr size_t kMaxCommandText = 256;

// A command line as /proc/<pid>/cmdline has it (a NUL behind each word): words
// separated by blanks, bytes that are not printable ASCII as \ooo, cut to
// kMaxCommandText with "..." at the end. Pure.
std::string CommandText(absl::string_view words);

// Of these processes the one that is dying of SIGKILL, else the one with the
// most memory. Zombies are none: their memory is gone and their parent may
// have let them wait for long. Nothing when no process is left.
//
// One that is dying may have lost its memory and its command line already: they
// are those of `known`, if that was it, and else its size is told from how
// often it asked for memory.
std::optional<Victim> FindVictim(const std::vector<pid_t>& pids,
                                 const std::optional<Victim>& known);

// What /proc/<pid>/status says, proc(5). Pure.
struct MemoryStatus {
  std::string name;
  char state = '?';
  bool has_memory = false;  // a process that is about to end has none
  bool sigkill_pending = false;
  uint64_t bytes = 0;
};
MemoryStatus ParseMemoryStatus(absl::string_view status);

}  // namespace cram
