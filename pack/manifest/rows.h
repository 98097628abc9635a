// A block of rows, unpacked.
#pragma once

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

// A serialized cram.PackedRows, still packed: a view of its bytes.
struct PackedRowsView {
  std::vector<std::string> columns;  // names
  bool commands = false;
  uint64_t unpacked_bytes = 0;
  absl::string_view zstd;
  bool own = false;  // as the field says in which they are; not by Parse

  static absl::StatusOr<PackedRowsView> Parse(absl::string_view bytes);
};

// The rows of one block. Its views live as long as it does.
class RowsTable {
 public:
  RowsTable() = default;
  // Errors: damage; a number of rows that is not `rows`.
  static absl::StatusOr<RowsTable> Unpack(const PackedRowsView& packed,
                                          uint64_t rows);
  RowsTable(RowsTable&&) = default;
  RowsTable& operator=(RowsTable&&) = default;

  void Values(uint64_t row, std::vector<absl::string_view>* values) const;
  // The row's own command; empty when rows have none.
  void Command(uint64_t row, std::vector<absl::string_view>* words) const;
  // What the row has over its template, a serialized cram.SubJobTemplate.
  absl::string_view Own(uint64_t row) const {
    return own_.empty() ? absl::string_view() : own_[row];
  }

 private:
  absl::Status ParseRows(const PackedRowsView& packed, uint64_t rows);

  // Not a std::string: a short one would move its bytes with it.
  std::vector<char> bytes_;
  std::vector<std::vector<absl::string_view>> columns_;
  std::vector<absl::string_view> commands_;  // serialized cram.Words
  std::vector<absl::string_view> own_;       // serialized cram.SubJobTemplate
};

}  // namespace cram
