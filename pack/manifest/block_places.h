// Where the blocks of a manifest are.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <vector>

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

struct BlockEntry {
  uint64_t first = 0;  // index of its first sub-job
  uint64_t subjobs = 0;
  Piece piece;
  Piece head;  // what of it must be whole to read one sub-job
};

// The entries of a manifest's index, in the order of their sub-jobs. They are
// read there when they are asked for: a million of them take a megabyte.
class BlockPlaces {
 public:
  BlockPlaces() = default;
  // `index` is a serialized cram.BlockIndex, which must outlive this. Blocks
  // lie in the file between `begin` and `limit`, in order and without overlap,
  // follow each other, and none is empty: or it is an error.
  static absl::StatusOr<BlockPlaces> Parse(absl::string_view index,
                                           uint64_t begin, uint64_t limit);

  size_t size() const { return size_; }
  uint64_t subjobs() const { return subjobs_; }  // of all blocks

  // Lies in the file, even if somebody has changed the index meanwhile; but may
  // be empty then.
  BlockEntry operator[](size_t block) const;
  // Which block has this sub-job.
  size_t Find(uint64_t subjob) const;

 private:
  // The place of every 16th entry.
  struct Mark {
    uint64_t first;  // index of its first sub-job
    size_t offset;   // in index_
  };

  bool Add(absl::string_view entry, size_t offset, uint64_t* end);

  absl::string_view index_;
  uint64_t limit_ = 0;
  size_t size_ = 0;
  uint64_t subjobs_ = 0;
  std::vector<Mark> marks_;
};

// Reads a serialized cram.FieldPlace. False: damage, or it does not lie between
// `begin` and `limit`.
bool ParsePlace(absl::string_view bytes, uint64_t begin, uint64_t limit,
                Piece* piece);

}  // namespace cram
