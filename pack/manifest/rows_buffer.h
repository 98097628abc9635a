// Rows of a block, before they are packed.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace cram {

// Rows of a block in groups, each a serialized cram.Rows.
struct UnpackedRows {
  struct Group {
    uint64_t rows;
    size_t bytes;
  };

  std::vector<std::string> columns;
  bool commands = false;  // every row brings its own command
  bool own = false;       // some have properties of their own
  uint64_t rows = 0;
  std::vector<Group> groups;
  std::string bytes;  // the groups, one behind the other
};

// Keeps the rows of a group as the wire format has them, column by column, so
// that a row costs a copy of its bytes.
class RowsBuffer {
 public:
  RowsBuffer(std::vector<std::string> columns, bool commands);

  uint64_t rows() const { return rows_.rows; }
  // Enough for one block: with more, its head would be slow to read.
  bool full() const;

  // A value for each column; `command` is empty unless rows have commands;
  // `own` is a serialized cram.SubJobTemplate, or empty. Error: a row that is
  // too long for any group.
  absl::Status Add(absl::Span<const absl::string_view> values,
                   absl::Span<const std::string> command,
                   absl::string_view own);

  // All rows since the last call. `spare`, of earlier ones, gives its memory.
  UnpackedRows Take(UnpackedRows spare);

 private:
  void EndGroup();

  UnpackedRows rows_;
  size_t bytes_ = 0;  // about, with the group that has not ended
  // Of that group.
  std::vector<std::string> column_bytes_;  // serialized cram.Column
  std::string command_bytes_;              // Rows.argv, serialized
  std::string own_bytes_;                  // Rows.own, serialized
  bool group_has_own_ = false;             // one that is not empty
  size_t group_bytes_ = 0;
  uint64_t group_rows_ = 0;
  std::string words_;  // kept for its memory
};

}  // namespace cram
