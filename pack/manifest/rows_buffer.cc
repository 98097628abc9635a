#include "pack/manifest/rows_buffer.h"

#include <utility>

#include "absl/strings/str_cat.h"
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

// Tag and length of a field of at most kMaxUnpackedBytes.
constexpr size_t kFieldOverhead = 6;

}  // namespace

RowsBuffer::RowsBuffer(std::vector<std::string> columns, bool commands)
    : column_bytes_(columns.size()) {
  rows_.columns = std::move(columns);
  rows_.commands = commands;
}

bool RowsBuffer::full() const {
  return bytes_ >= kBlockBytes || rows_.rows >= kBlockRows;
}

absl::Status RowsBuffer::Add(absl::Span<const absl::string_view> values,
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
  if (rows_.commands) {
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
  ++rows_.rows;
  if (group_bytes_ >= kGroupBytes) EndGroup();
  return absl::OkStatus();
}

void RowsBuffer::EndGroup() {
  size_t begin = rows_.bytes.size();
  for (std::string& column : column_bytes_) {
    AppendBytesField(Rows::kColumnsFieldNumber, column, &rows_.bytes);
    column.clear();
  }
  rows_.bytes += command_bytes_;
  if (group_has_own_) rows_.bytes += own_bytes_;
  rows_.groups.push_back({group_rows_, rows_.bytes.size() - begin});
  rows_.own = rows_.own || group_has_own_;

  command_bytes_.clear();
  own_bytes_.clear();
  group_has_own_ = false;
  group_bytes_ = 0;
  group_rows_ = 0;
}

UnpackedRows RowsBuffer::Take(UnpackedRows spare) {
  if (group_rows_ > 0) EndGroup();
  spare.columns = rows_.columns;
  spare.commands = rows_.commands;
  spare.own = false;
  spare.rows = 0;
  spare.groups.clear();
  spare.bytes.clear();
  bytes_ = 0;
  return std::exchange(rows_, std::move(spare));
}

}  // namespace cram
