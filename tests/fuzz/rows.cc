// Behind the compression. Input: how many columns (0 to 3, and 4 when rows
// have commands), how many rows, then a serialized cram.Rows.
#include "pack/manifest/rows.h"

#include <zstd.h>

#include "tests/fuzz/target.h"

namespace {

std::string Compress(absl::string_view bytes) {
  std::string packed(ZSTD_compressBound(bytes.size()), '\0');
  size_t size = ZSTD_compress(&packed[0], packed.size(), bytes.data(),
                              bytes.size(), /*compressionLevel=*/1);
  REQUIRE(ZSTD_isError(size) == 0);
  packed.resize(size);
  return packed;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  cram::PackedRowsView view;
  cram::RowGroupView& group = view.groups.emplace_back();
  view.columns.resize(data[0] & 3);
  view.commands = (data[0] & 4) != 0;
  group.rows = data[1];
  absl::string_view bytes = cram::TextOf(data + 2, size - 2);
  group.unpacked_bytes = bytes.size();
  std::string packed = Compress(bytes);
  group.zstd = packed;
  cram::RowsTable table;
  if (!table.Unpack(view, group).ok()) return 0;
  std::vector<absl::string_view> values, words;
  for (uint64_t row = 0; row < table.rows(); ++row) {
    table.Values(row, &values);
    if (!table.Command(row, &words).ok()) return 0;
    REQUIRE(values.size() == view.columns.size());
    REQUIRE(words.empty() || view.commands);
  }
  return 0;
}
