// Packs rows into a block.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

struct ZSTD_CCtx_s;  // zstd's ZSTD_CCtx

namespace cram {

// Keeps the rows of a group as the wire format has them, column by column, so
// that a row costs a copy of its bytes, and of a block the packed groups.
class RowsPacker {
 public:
  // `commands`: every row brings its own command.
  RowsPacker(std::vector<std::string> columns, bool commands);
  ~RowsPacker();

  const std::vector<std::string>& columns() const { return columns_; }
  uint64_t rows() const { return rows_; }
  // Enough for one block: with more, its head would be slow to read.
  bool full() const;

  // A value for each column; `command` is empty unless rows have commands;
  // `own` is a serialized cram.SubJobTemplate, or empty. Error: a row that is
  // too long for any group.
  absl::Status Add(absl::Span<const absl::string_view> values,
                   absl::Span<const std::string> command,
                   absl::string_view own);

  // All rows since the last call, of which there is at least one.
  struct Packed {
    std::string groups;   // a serialized cram.RowGroups
    uint64_t data_bytes;  // its `data`, at its end
  };
  absl::StatusOr<Packed> Pack();

 private:
  absl::Status PackGroup();

  struct FreeContext {
    void operator()(ZSTD_CCtx_s* context) const;
  };

  std::vector<std::string> columns_;
  bool commands_;
  std::unique_ptr<ZSTD_CCtx_s, FreeContext> context_;

  // Of the group that is not packed yet.
  std::vector<std::string> column_bytes_;  // serialized cram.Column
  std::string command_bytes_;              // Rows.argv, serialized
  std::string own_bytes_;                  // Rows.own, serialized
  bool group_has_own_ = false;             // one that is not empty
  size_t group_bytes_ = 0;
  uint64_t group_rows_ = 0;
  std::string words_, unpacked_, packed_;  // kept for their memory

  // Of the block.
  std::string groups_;  // RowGroups.groups, serialized
  std::string data_;
  bool has_own_ = false;
  size_t bytes_ = 0;  // before packing
  uint64_t rows_ = 0;
};

}  // namespace cram
