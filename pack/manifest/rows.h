// Rows of a block, unpacked.
#pragma once

#include <stdint.h>

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "pack/manifest/packed_rows.h"

struct ZSTD_DCtx_s;  // zstd's ZSTD_DCtx

namespace cram {

// The rows of one group, counted from its first. Its views are good until it
// unpacks another one, for which it keeps its memory.
class RowsTable {
 public:
  RowsTable();
  ~RowsTable();
  RowsTable(RowsTable&&);
  RowsTable& operator=(RowsTable&&);

  // Errors: damage; a number of rows that is not the group's. It is empty then.
  absl::Status Unpack(const PackedRowsView& packed, const RowGroupView& group);

  // Any number when they have nothing: neither value, command nor Own.
  uint64_t rows() const { return rows_; }
  bool has_values() const { return !values_.empty(); }
  bool has_commands() const { return !commands_.empty(); }
  bool has_own() const { return !own_.empty(); }
  void Values(uint64_t row, std::vector<absl::string_view>* values) const;
  // The row's own command; empty when rows have none. Error: more words than
  // any has.
  absl::Status Command(uint64_t row,
                       std::vector<absl::string_view>* words) const;
  // What the row has over its template, a serialized cram.SubJobTemplate.
  absl::string_view Own(uint64_t row) const {
    return own_.empty() ? absl::string_view() : View(own_[row]);
  }

 private:
  // A view in half of its size: a foreign group may have four million.
  struct Place {
    uint32_t offset, bytes;
  };
  Place PlaceOf(absl::string_view view) const;
  absl::string_view View(Place place) const {
    return absl::string_view(bytes_.data() + place.offset, place.bytes);
  }
  absl::Status Decompress(const RowGroupView& group);
  absl::Status ParseRows(const PackedRowsView& packed, uint64_t rows);
  bool AddColumn(absl::string_view bytes, uint64_t rows);

  struct FreeContext {
    void operator()(ZSTD_DCtx_s* context) const;
  };

  std::unique_ptr<ZSTD_DCtx_s, FreeContext> context_;
  std::vector<char> bytes_;
  uint64_t rows_ = 0;
  std::vector<Place> values_;    // column by column
  std::vector<Place> commands_;  // serialized cram.Words
  std::vector<Place> own_;       // serialized cram.SubJobTemplate
};

}  // namespace cram
