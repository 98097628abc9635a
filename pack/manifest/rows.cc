#include "pack/manifest/rows.h"

#include <zstd.h>

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "pack/manifest/layout.h"
#include "pack/manifest/manifest.pb.h"
#include "pack/manifest/template.h"
#include "pack/manifest/wire.h"

namespace cram {
namespace {

// All values of a repeated bytes field 1; false when there are more than
// `most` or the bytes are damaged.
bool ParseRepeated(absl::string_view bytes, uint64_t most,
                   std::vector<absl::string_view>* values) {
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() != 1) continue;
    if (values->size() == most) return false;
    values->push_back(reader.bytes());
  }
  return reader.ok();
}

absl::Status NotWhole() {
  return absl::DataLossError("a table that is not whole");
}

}  // namespace

absl::Status CheckColumns(absl::Span<const std::string> names) {
  if (names.size() > kMaxColumns) {
    return absl::InvalidArgumentError(
        absl::StrCat("more than ", kMaxColumns, " columns"));
  }
  std::set<absl::string_view> seen;
  for (const std::string& name : names) {
    absl::Status status = CheckParameterName(name);
    if (!status.ok()) return status;
    if (!seen.insert(name).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("column '", name, "' is there twice"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<PackedRowsView> PackedRowsView::Parse(absl::string_view bytes) {
  PackedRowsView view;
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() == PackedRows::kColumnsFieldNumber) {
      view.columns.emplace_back(reader.bytes());
    } else if (reader.field() == PackedRows::kCommandsFieldNumber) {
      view.commands = reader.number() != 0;
    } else if (reader.field() == PackedRows::kUnpackedBytesFieldNumber) {
      view.unpacked_bytes = reader.number();
    } else if (reader.field() == PackedRows::kZstdFieldNumber) {
      view.zstd = reader.bytes();
    }
  }
  if (!reader.ok()) return absl::DataLossError("damaged rows");
  absl::Status status = CheckColumns(view.columns);
  if (!status.ok()) return status;
  if (view.unpacked_bytes > kMaxUnpackedBytes) {
    return absl::DataLossError("rows that would unpack to more than 8 MiB");
  }
  return view;
}

absl::StatusOr<RowsTable> RowsTable::Unpack(const PackedRowsView& packed,
                                            uint64_t rows) {
  RowsTable table;
  table.bytes_.resize(packed.unpacked_bytes);
  size_t size = ZSTD_decompress(table.bytes_.data(), table.bytes_.size(),
                                packed.zstd.data(), packed.zstd.size());
  if (ZSTD_isError(size)) {
    return absl::DataLossError(
        absl::StrCat("rows do not unpack: ", ZSTD_getErrorName(size)));
  }
  if (size != table.bytes_.size()) {
    return absl::DataLossError("rows unpack to another size than they say");
  }
  absl::Status status = table.ParseRows(packed, rows);
  if (!status.ok()) return status;
  return table;
}

absl::Status RowsTable::ParseRows(const PackedRowsView& packed, uint64_t rows) {
  WireReader reader(absl::string_view(bytes_.data(), bytes_.size()));
  bool good = true;
  while (good && reader.Next()) {
    if (reader.field() == Rows::kColumnsFieldNumber) {
      if (columns_.size() == packed.columns.size()) return NotWhole();
      std::vector<absl::string_view>& column = columns_.emplace_back();
      // A value takes two bytes at least, whatever the number of rows says.
      column.reserve(std::min<uint64_t>(rows, reader.bytes().size() / 2));
      good =
          ParseRepeated(reader.bytes(), rows, &column) && column.size() == rows;
    } else if (reader.field() == Rows::kArgvFieldNumber) {
      good = commands_.size() < rows && !reader.bytes().empty();
      commands_.push_back(reader.bytes());
    } else if (reader.field() == Rows::kOwnFieldNumber) {
      good = own_.size() < rows && reader.has_bytes();
      own_.push_back(reader.bytes());
    }
  }
  if (!good || !reader.ok() || columns_.size() != packed.columns.size() ||
      commands_.size() != (packed.commands ? rows : 0) ||
      own_.size() != (packed.own ? rows : 0)) {
    return NotWhole();
  }
  return absl::OkStatus();
}

void RowsTable::Values(uint64_t row,
                       std::vector<absl::string_view>* values) const {
  values->clear();
  for (const std::vector<absl::string_view>& column : columns_) {
    values->push_back(column[row]);
  }
}

void RowsTable::Command(uint64_t row,
                        std::vector<absl::string_view>* words) const {
  words->clear();
  if (!commands_.empty()) {
    ParseRepeated(commands_[row], UINT64_MAX, words);
  }
}

}  // namespace cram
