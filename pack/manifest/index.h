// What a manifest says of itself at its two ends: header and index.
#pragma once

#include <stdint.h>

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pack/manifest/block_places.h"
#include "pack/manifest/mapped_file.h"

namespace cram {

// The index, checked: pieces lie in the file, in order and without overlap;
// blocks follow each other and none is empty. The content of the pieces is not
// touched.
struct ManifestIndex {
  uint64_t subjobs = 0;        // at least 1
  uint64_t content_bytes = 0;  // what content_crc32 is of, from the start
  uint32_t content_crc32 = 0;
  std::vector<Piece> templates;
  BlockPlaces blocks;

  // `file` is the whole file, which must outlive this. Errors: not a manifest,
  // a newer major version, truncated, damaged, no sub-jobs.
  static absl::StatusOr<ManifestIndex> Parse(absl::string_view file);
  // The same, of the file's bytes.
  static absl::StatusOr<ManifestIndex> Read(const MappedFile& file);
};

// The piece's bytes. Error: they are damaged.
absl::StatusOr<absl::string_view> ReadPiece(absl::string_view file,
                                            const Piece& piece);

}  // namespace cram
