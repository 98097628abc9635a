#include "pack/manifest/rows_packer.h"

#include <zstd.h>

#include "absl/strings/str_cat.h"
#include "pack/manifest/checksum.h"
#include "pack/manifest/layout.h"
#include "pack/manifest/manifest.pb.h"
#include "pack/manifest/subjob_maker.h"
#include "pack/manifest/wire.h"

namespace cram {
namespace {

// Unpacking so much takes a few microseconds, and packs well enough.
constexpr size_t kGroupBytes = 4 << 10;

// Its groups, and so its head, are few; and so are blocks.
constexpr size_t kBlockBytes = 256 << 10;
constexpr uint64_t kBlockRows = 16384;

constexpr int kLevel = 3;  // zstd's default

// Tag and length of a field of at most kMaxUnpackedBytes.
constexpr size_t kFieldOverhead = 6;

}  // namespace

void RowsPacker::FreeContext::operator()(ZSTD_CCtx* context) const {
  ZSTD_freeCCtx(context);
}

RowsPacker::RowsPacker(std::vector<std::string> columns, bool commands)
    : columns_(std::move(columns)),
      commands_(commands),
      context_(ZSTD_createCCtx()),
      column_bytes_(columns_.size()) {}

RowsPacker::~RowsPacker() = default;

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
      kMaxUnpackedBytes - kGroupBytes - kMaxColumns * kFieldOverhead;
  if (command.size() > kMaxTexts || !HasFewTexts(own)) {
    return absl::InvalidArgumentError(
        absl::StrCat("more than ", kMaxTexts, " words or variables"));
  }
  if (bytes > kMost) {
    return absl::InvalidArgumentError(
        absl::StrCat("longer than ", kMost, " bytes"));
  }
  for (size_t i = 0; i < values.size(); ++i) {
    AppendBytesField(Column::kValuesFieldNumber, values[i], &column_bytes_[i]);
  }
  if (commands_) {
    words_.clear();
    for (const std::string& word : command) {
      AppendBytesField(Words::kWordsFieldNumber, word, &words_);
    }
    AppendBytesField(Rows::kArgvFieldNumber, words_, &command_bytes_);
  }
  AppendBytesField(Rows::kOwnFieldNumber, own, &own_bytes_);
  group_has_own_ = group_has_own_ || !own.empty();
  group_bytes_ += bytes;
  bytes_ += bytes;
  ++group_rows_;
  ++rows_;
  return group_bytes_ < kGroupBytes ? absl::OkStatus() : PackGroup();
}

absl::Status RowsPacker::PackGroup() {
  unpacked_.clear();
  for (std::string& column : column_bytes_) {
    AppendBytesField(Rows::kColumnsFieldNumber, column, &unpacked_);
    column.clear();
  }
  unpacked_ += command_bytes_;
  if (group_has_own_) unpacked_ += own_bytes_;

  packed_.resize(ZSTD_compressBound(unpacked_.size()));
  size_t size = ZSTD_compressCCtx(context_.get(), &packed_[0], packed_.size(),
                                  unpacked_.data(), unpacked_.size(), kLevel);
  if (ZSTD_isError(size)) {
    return absl::InternalError(absl::StrCat("zstd: ", ZSTD_getErrorName(size)));
  }
  packed_.resize(size);

  std::string group;
  AppendVarintField(RowGroup::kRowsFieldNumber, group_rows_, &group);
  AppendVarintField(RowGroup::kUnpackedBytesFieldNumber, unpacked_.size(),
                    &group);
  AppendVarintField(RowGroup::kPackedBytesFieldNumber, packed_.size(), &group);
  AppendFixed32Field(RowGroup::kCrc32FieldNumber, Crc32(packed_), &group);
  AppendBytesField(RowGroups::kGroupsFieldNumber, group, &groups_);
  data_ += packed_;
  has_own_ = has_own_ || group_has_own_;

  command_bytes_.clear();
  own_bytes_.clear();
  group_has_own_ = false;
  group_bytes_ = 0;
  group_rows_ = 0;
  return absl::OkStatus();
}

absl::StatusOr<RowsPacker::Packed> RowsPacker::Pack() {
  absl::Status status = group_rows_ > 0 ? PackGroup() : absl::OkStatus();
  if (!status.ok()) return status;
  Packed packed;
  for (const std::string& column : columns_) {
    AppendBytesField(RowGroups::kColumnsFieldNumber, column, &packed.groups);
  }
  AppendVarintField(RowGroups::kCommandsFieldNumber, commands_, &packed.groups);
  AppendVarintField(RowGroups::kOwnFieldNumber, has_own_, &packed.groups);
  packed.groups += groups_;
  packed.data_bytes = data_.size();
  AppendBytesField(RowGroups::kDataFieldNumber, data_, &packed.groups);
  groups_.clear();
  data_.clear();
  has_own_ = false;
  bytes_ = 0;
  rows_ = 0;
  return packed;
}

}  // namespace cram
