// Whose a file's memory is, by the kernel's own account.
#pragma once

#include <stdint.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "spank/agent/caps/control_file.h"

namespace cram {

// The kernel charges a page of a tmpfs to the memory cgroup that first wrote
// it, and counts one that is mapped to the cgroup that it is charged to,
// whoever maps it: file_mapped in memory.stat
// (Documentation/admin-guide/cgroup-v2.rst), mapped_file with v1. So mapping a
// file must raise a cgroup's count by as much as is charged to it. Nothing but
// that maps files of the cgroup meanwhile, or the answer is no.
class FileCharges {
 public:
  // Of the cgroup `directory` and those below it.
  absl::Status Open(const std::string& directory);

  // Whether all memory of all these files, open for reading, is charged to it;
  // where they have none it is not. On a busy machine the kernel's counts move
  // by themselves: it looks up to three times before it says no. Each is a
  // milliseconds' work for each CPU of the machine at worst, and for a gigabyte
  // some hundredths of a second.
  bool HoldAllOf(const std::vector<int>& files) const;

 private:
  struct Piece;
  class Mapping;

  static std::vector<Piece> PiecesOf(int file);
  bool HoldAll(const std::vector<Piece>& pieces) const;
  uint64_t ChargedOf(const std::vector<Piece>& pieces) const;
  uint64_t Mapped() const;

  ControlFile stat_;
};

// Bytes of files that somebody has mapped, by a cgroup's memory.stat: of it and
// those below. Pure.
uint64_t MappedBytes(absl::string_view memory_stat);

}  // namespace cram
