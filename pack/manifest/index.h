// What a manifest says of itself at its two ends: header and index.
#pragma once

#include <stdint.h>

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cram {

// Some bytes of the file, and their checksum.
struct Piece {
  uint64_t offset = 0;
  uint64_t bytes = 0;
  uint32_t crc32 = 0;

  uint64_t end() const { return offset + bytes; }
};

// The index, checked: pieces lie in the file, in order and without overlap;
// blocks follow each other and none is empty. The content of the pieces is not
// touched.
struct ManifestIndex {
  struct BlockEntry {
    uint64_t first = 0;
    uint64_t subjobs = 0;
    Piece piece;
    Piece head;  // what of it must be whole to read one sub-job
  };

  uint64_t subjobs = 0;        // at least 1
  uint64_t content_bytes = 0;  // what content_crc32 is of, from the start
  uint32_t content_crc32 = 0;
  std::vector<Piece> templates;
  std::vector<BlockEntry> blocks;

  // `file` is the whole file. Errors: not a manifest, a newer major version,
  // truncated, damaged, no sub-jobs.
  static absl::StatusOr<ManifestIndex> Parse(absl::string_view file);
};

// The piece's bytes. Error: they are damaged.
absl::StatusOr<absl::string_view> ReadPiece(absl::string_view file,
                                            const Piece& piece);

}  // namespace cram
