// Rows of a block as they are in the file.
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

// Names that the columns of a block can have: parameter names, each once.
absl::Status CheckColumns(absl::Span<const std::string> names);

// Rows that are unpacked together: a serialized cram.Rows in one zstd frame.
struct RowGroupView {
  uint64_t first = 0;  // row of the block
  uint64_t rows = 0;
  uint64_t unpacked_bytes = 0;
  absl::string_view zstd;
  bool has_crc32 = false;  // else that of the block is all there is
  uint32_t crc32 = 0;      // of `zstd`
};

// All rows of a block, still packed: a view of its bytes.
struct PackedRowsView {
  std::vector<std::string> columns;  // names
  bool commands = false;
  bool own = false;
  std::vector<RowGroupView> groups;  // one behind the other, none empty

  // A serialized cram.RowGroups. Error: damage.
  static absl::StatusOr<PackedRowsView> ParseGroups(absl::string_view bytes);
  // A serialized cram.PackedRows, as one group. How many rows it has, and
  // whether with properties of their own, only the block says.
  static absl::StatusOr<PackedRowsView> ParseOne(absl::string_view bytes);

  uint64_t rows() const;
  // Which group has the row; there must be one.
  size_t GroupOf(uint64_t row) const;
};

}  // namespace cram
