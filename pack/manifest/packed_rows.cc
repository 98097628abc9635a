#include "pack/manifest/packed_rows.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "pack/manifest/layout.h"
#include "pack/manifest/manifest.pb.h"
#include "pack/manifest/template.h"
#include "pack/manifest/wire.h"

namespace cram {
namespace {

absl::Status Damaged() { return absl::DataLossError("damaged rows"); }

absl::Status CheckUnpackedBytes(uint64_t bytes) {
  if (bytes <= kMaxUnpackedBytes) return absl::OkStatus();
  return absl::DataLossError("rows that would unpack to more than 8 MiB");
}

// Takes its bytes off the front of `data`.
absl::Status ParseGroup(absl::string_view bytes, absl::string_view* data,
                        RowGroupView* group) {
  uint64_t packed_bytes = 0;
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() == RowGroup::kRowsFieldNumber) {
      group->rows = reader.number();
    } else if (reader.field() == RowGroup::kUnpackedBytesFieldNumber) {
      group->unpacked_bytes = reader.number();
    } else if (reader.field() == RowGroup::kPackedBytesFieldNumber) {
      packed_bytes = reader.number();
    } else if (reader.field() == RowGroup::kCrc32FieldNumber) {
      group->crc32 = static_cast<uint32_t>(reader.number());
      group->has_crc32 = true;
    }
  }
  if (!reader.ok() || group->rows == 0 || group->rows > INT64_MAX ||
      packed_bytes > data->size()) {
    return Damaged();
  }
  group->zstd = data->substr(0, packed_bytes);
  data->remove_prefix(packed_bytes);
  return CheckUnpackedBytes(group->unpacked_bytes);
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

absl::StatusOr<PackedRowsView> PackedRowsView::ParseGroups(
    absl::string_view bytes) {
  PackedRowsView view;
  std::vector<absl::string_view> groups;
  absl::string_view data;
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() == RowGroups::kColumnsFieldNumber) {
      view.columns.emplace_back(reader.bytes());
    } else if (reader.field() == RowGroups::kCommandsFieldNumber) {
      view.commands = reader.number() != 0;
    } else if (reader.field() == RowGroups::kOwnFieldNumber) {
      view.own = reader.number() != 0;
    } else if (reader.field() == RowGroups::kGroupsFieldNumber) {
      groups.push_back(reader.bytes());
    } else if (reader.field() == RowGroups::kDataFieldNumber) {
      data = reader.bytes();
    }
  }
  if (!reader.ok()) return Damaged();
  absl::Status status = CheckColumns(view.columns);
  if (!status.ok()) return status;
  uint64_t rows = 0;
  view.groups.reserve(groups.size());
  for (absl::string_view group : groups) {
    RowGroupView& parsed = view.groups.emplace_back();
    status = ParseGroup(group, &data, &parsed);
    if (!status.ok()) return status;
    if (parsed.rows > INT64_MAX - rows) return Damaged();
    parsed.first = rows;
    rows += parsed.rows;
  }
  return view;
}

absl::StatusOr<PackedRowsView> PackedRowsView::ParseOne(
    absl::string_view bytes) {
  PackedRowsView view;
  RowGroupView& group = view.groups.emplace_back();
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() == PackedRows::kColumnsFieldNumber) {
      view.columns.emplace_back(reader.bytes());
    } else if (reader.field() == PackedRows::kCommandsFieldNumber) {
      view.commands = reader.number() != 0;
    } else if (reader.field() == PackedRows::kUnpackedBytesFieldNumber) {
      group.unpacked_bytes = reader.number();
    } else if (reader.field() == PackedRows::kZstdFieldNumber) {
      group.zstd = reader.bytes();
    }
  }
  if (!reader.ok()) return Damaged();
  absl::Status status = CheckColumns(view.columns);
  if (status.ok()) status = CheckUnpackedBytes(group.unpacked_bytes);
  if (!status.ok()) return status;
  return view;
}

uint64_t PackedRowsView::rows() const {
  return groups.empty() ? 0 : groups.back().first + groups.back().rows;
}

size_t PackedRowsView::GroupOf(uint64_t row) const {
  auto behind = std::upper_bound(
      groups.begin(), groups.end(), row,
      [](uint64_t i, const RowGroupView& group) { return i < group.first; });
  return static_cast<size_t>(behind - groups.begin()) - 1;
}

}  // namespace cram
