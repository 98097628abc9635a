#include "pack/manifest/rows.h"

#include <zstd.h>

#include "absl/strings/str_cat.h"
#include "pack/manifest/checksum.h"
#include "pack/manifest/layout.h"
#include "pack/manifest/manifest.pb.h"
#include "pack/manifest/wire.h"

namespace cram {
namespace {

absl::Status NotWhole() {
  return absl::DataLossError("a table that is not whole");
}

}  // namespace

void RowsTable::FreeContext::operator()(ZSTD_DCtx* context) const {
  ZSTD_freeDCtx(context);
}

RowsTable::RowsTable() = default;
RowsTable::~RowsTable() = default;
RowsTable::RowsTable(RowsTable&&) = default;
RowsTable& RowsTable::operator=(RowsTable&&) = default;

absl::Status RowsTable::Unpack(const PackedRowsView& packed,
                               const RowGroupView& group) {
  rows_ = 0;
  values_.clear();
  commands_.clear();
  own_.clear();
  absl::Status status = Decompress(group);
  if (status.ok()) status = ParseRows(packed, group.rows);
  if (status.ok()) rows_ = group.rows;
  return status;
}

absl::Status RowsTable::Decompress(const RowGroupView& group) {
  if (group.has_crc32 && Crc32(group.zstd) != group.crc32) {
    return absl::DataLossError("damaged: checksum of packed rows");
  }
  if (context_ == nullptr) context_.reset(ZSTD_createDCtx());
  if (context_ == nullptr) return absl::ResourceExhaustedError("no memory");
  bytes_.resize(group.unpacked_bytes);
  size_t size =
      ZSTD_decompressDCtx(context_.get(), bytes_.data(), bytes_.size(),
                          group.zstd.data(), group.zstd.size());
  if (ZSTD_isError(size)) {
    return absl::DataLossError(
        absl::StrCat("rows do not unpack: ", ZSTD_getErrorName(size)));
  }
  if (size != bytes_.size()) {
    return absl::DataLossError("rows unpack to another size than they say");
  }
  return absl::OkStatus();
}

RowsTable::Place RowsTable::PlaceOf(absl::string_view view) const {
  if (view.empty()) return {0, 0};
  return {static_cast<uint32_t>(view.data() - bytes_.data()),
          static_cast<uint32_t>(view.size())};
}

bool RowsTable::AddColumn(absl::string_view bytes, uint64_t rows) {
  size_t end = values_.size() + rows;
  bool good = ForEachBytes(Column::kValuesFieldNumber, bytes,
                           [this, end](absl::string_view value) {
                             if (values_.size() == end) return false;
                             values_.push_back(PlaceOf(value));
                             return true;
                           });
  return good && values_.size() == end;
}

absl::Status RowsTable::ParseRows(const PackedRowsView& packed, uint64_t rows) {
  size_t columns = 0;
  WireReader reader(absl::string_view(bytes_.data(), bytes_.size()));
  bool good = true;
  while (good && reader.Next()) {
    if (reader.field() == Rows::kColumnsFieldNumber) {
      good =
          ++columns <= packed.columns.size() && AddColumn(reader.bytes(), rows);
    } else if (reader.field() == Rows::kArgvFieldNumber) {
      good = commands_.size() < rows && !reader.bytes().empty();
      commands_.push_back(PlaceOf(reader.bytes()));
    } else if (reader.field() == Rows::kOwnFieldNumber) {
      good = own_.size() < rows && reader.has_bytes();
      own_.push_back(PlaceOf(reader.bytes()));
    }
  }
  bool own_is_whole = own_.size() == rows || own_.empty();
  if (!good || !reader.ok() || columns != packed.columns.size() ||
      commands_.size() != (packed.commands ? rows : 0) || !own_is_whole ||
      (!own_.empty() && !packed.own)) {
    return NotWhole();
  }
  return absl::OkStatus();
}

void RowsTable::Values(uint64_t row,
                       std::vector<absl::string_view>* values) const {
  values->clear();
  for (uint64_t i = row; i < values_.size(); i += rows_) {
    values->push_back(View(values_[i]));
  }
}

absl::Status RowsTable::Command(uint64_t row,
                                std::vector<absl::string_view>* words) const {
  words->clear();
  if (commands_.empty()) return absl::OkStatus();
  WireReader reader(View(commands_[row]));
  while (reader.Next()) {
    if (reader.field() != Words::kWordsFieldNumber) continue;
    if (words->size() == kMaxTexts) {
      return absl::DataLossError("damaged: too many words");
    }
    words->push_back(reader.bytes());
  }
  return absl::OkStatus();
}

}  // namespace cram
