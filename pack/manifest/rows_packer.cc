#include "pack/manifest/rows_packer.h"

#include <zstd.h>

#include "absl/strings/str_cat.h"
#include "pack/manifest/layout.h"
#include "pack/manifest/manifest.pb.h"
#include "pack/manifest/wire.h"

namespace cram {
namespace {

// Unpacking 256 KiB takes a fraction of a millisecond; from there on a larger
// block hardly packs better.
constexpr size_t kBlockBytes = 256 << 10;
constexpr uint64_t kBlockRows = 16384;

constexpr int kLevel = 3;  // zstd's default

// Tag and length of a field of at most kMaxUnpackedBytes.
constexpr size_t kFieldOverhead = 6;

}  // namespace

RowsPacker::RowsPacker(std::vector<std::string> columns, bool commands)
    : columns_(std::move(columns)),
      commands_(commands),
      column_bytes_(columns_.size()) {}

bool RowsPacker::full() const {
  return bytes_ >= kBlockBytes || rows_ >= kBlockRows;
}

absl::Status RowsPacker::Add(absl::Span<const absl::string_view> values,
                             absl::Span<const std::string> command,
                             absl::string_view own) {
  size_t bytes =
      kFieldOverhead * (values.size() + command.size() + 2) + own.size();
  for (absl::string_view value : values) bytes += value.size();
  for (const std::string& word : command) bytes += word.size();
  constexpr size_t kMost =
      kMaxUnpackedBytes - kBlockBytes - kMaxColumns * kFieldOverhead;
  if (bytes > kMost) {
    return absl::InvalidArgumentError(
        absl::StrCat("longer than ", kMost, " bytes"));
  }
  for (size_t i = 0; i < values.size(); ++i) {
    AppendBytesField(Column::kValuesFieldNumber, values[i], &column_bytes_[i]);
  }
  if (commands_) {
    std::string words;
    for (const std::string& word : command) {
      AppendBytesField(Words::kWordsFieldNumber, word, &words);
    }
    AppendBytesField(Rows::kArgvFieldNumber, words, &command_bytes_);
  }
  AppendBytesField(Rows::kOwnFieldNumber, own, &own_bytes_);
  has_own_ = has_own_ || !own.empty();
  bytes_ += bytes;
  ++rows_;
  return absl::OkStatus();
}

uint32_t RowsPacker::body_field() const {
  return has_own_ ? Block::kOwnRowsFieldNumber : Block::kRowsFieldNumber;
}

absl::StatusOr<std::string> RowsPacker::Pack() {
  std::string rows;
  rows.reserve(bytes_);
  for (std::string& column : column_bytes_) {
    AppendBytesField(Rows::kColumnsFieldNumber, column, &rows);
    column.clear();
  }
  rows += command_bytes_;
  command_bytes_.clear();
  if (has_own_) rows += own_bytes_;
  own_bytes_.clear();
  has_own_ = false;
  bytes_ = 0;
  rows_ = 0;

  std::string packed(ZSTD_compressBound(rows.size()), '\0');
  size_t size = ZSTD_compress(&packed[0], packed.size(), rows.data(),
                              rows.size(), kLevel);
  if (ZSTD_isError(size)) {
    return absl::InternalError(absl::StrCat("zstd: ", ZSTD_getErrorName(size)));
  }
  packed.resize(size);

  std::string out;
  for (const std::string& column : columns_) {
    AppendBytesField(PackedRows::kColumnsFieldNumber, column, &out);
  }
  AppendVarintField(PackedRows::kCommandsFieldNumber, commands_, &out);
  AppendVarintField(PackedRows::kUnpackedBytesFieldNumber, rows.size(), &out);
  AppendBytesField(PackedRows::kZstdFieldNumber, packed, &out);
  return out;
}

}  // namespace cram
