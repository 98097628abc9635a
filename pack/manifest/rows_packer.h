// Collects rows and packs them into a block.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace cram {

// Keeps rows as the wire format has them, column by column, so that a row
// costs a copy of its bytes and nothing else.
class RowsPacker {
 public:
  // `commands`: every row brings its own command.
  RowsPacker(std::vector<std::string> columns, bool commands);

  const std::vector<std::string>& columns() const { return columns_; }
  uint64_t rows() const { return rows_; }
  // Enough for one block: more would make reading one sub-job slow.
  bool full() const;

  // A value for each column; `command` is empty unless rows have commands;
  // `own` is a serialized cram.SubJobTemplate, or empty. Error: a row that is
  // too long for any block.
  absl::Status Add(absl::Span<const absl::string_view> values,
                   absl::Span<const std::string> command,
                   absl::string_view own);

  // The field of cram.Block for what Pack will give.
  uint32_t body_field() const;

  // A serialized cram.PackedRows of all rows since the last call. Their number
  // is at least 1.
  absl::StatusOr<std::string> Pack();

 private:
  std::vector<std::string> columns_;
  bool commands_;
  std::vector<std::string> column_bytes_;  // serialized cram.Column
  std::string command_bytes_;              // Rows.argv, serialized
  std::string own_bytes_;                  // Rows.own, serialized
  bool has_own_ = false;                   // one that is not empty
  size_t bytes_ = 0;
  uint64_t rows_ = 0;
};

}  // namespace cram
