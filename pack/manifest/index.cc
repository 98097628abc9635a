#include "pack/manifest/index.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pack/manifest/checksum.h"
#include "pack/manifest/layout.h"
#include "pack/manifest/manifest.pb.h"
#include "pack/manifest/wire.h"

namespace cram {
namespace {

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("damaged: ", what));
}

// The end of the header.
absl::StatusOr<uint64_t> ParseHeader(absl::string_view file) {
  if (file.empty()) {
    return absl::InvalidArgumentError("not a manifest: the file is empty");
  }
  WireReader reader(file);
  ManifestHeader header;
  if (!reader.Next() || reader.field() != Manifest::kHeaderFieldNumber ||
      !ParseMessage(reader.bytes(), &header) ||
      header.magic() != kManifestMagic) {
    return absl::InvalidArgumentError("not a manifest");
  }
  if (header.major() > kManifestMajor) {
    return absl::InvalidArgumentError(absl::StrCat(
        "version ", header.major(), ".", header.minor(),
        " is newer than this program, which reads ", kManifestMajor));
  }
  if (header.major() == 0) return Damaged("version 0");
  return reader.bytes().data() + reader.bytes().size() - file.data();
}

struct Tail {
  uint32_t index_crc32 = 0;
  uint64_t index_offset = 0;
};

absl::StatusOr<Tail> ParseTail(absl::string_view file, uint64_t header_end) {
  absl::Status truncated = absl::DataLossError(
      "truncated: it does not end as a manifest does; pack it again");
  if (file.size() < header_end + kManifestTailBytes) return truncated;
  WireReader reader(file.substr(file.size() - kManifestTailBytes));
  Tail tail;
  if (!reader.Next() || reader.field() != Manifest::kIndexCrc32FieldNumber) {
    return truncated;
  }
  tail.index_crc32 = static_cast<uint32_t>(reader.number());
  if (!reader.Next() || reader.field() != Manifest::kIndexOffsetFieldNumber) {
    return truncated;
  }
  tail.index_offset = reader.number();
  if (reader.Next() || !reader.ok()) return truncated;
  if (tail.index_offset < header_end ||
      tail.index_offset > file.size() - kManifestTailBytes) {
    return Damaged("the index is not where the end says");
  }
  return tail;
}

// Whether `place` begins at or behind `*end` and ends before `limit`, where
// `*end` goes.
bool TakePlace(const FieldPlace& place, uint64_t limit, uint64_t* end,
               Piece* piece) {
  if (place.offset() < *end || place.offset() > limit ||
      place.bytes() > limit - place.offset()) {
    return false;
  }
  *piece = {place.offset(), place.bytes(), place.crc32()};
  *end = piece->end();
  return true;
}

class IndexParser {
 public:
  IndexParser(uint64_t header_end, uint64_t limit)
      : template_end_(header_end), block_end_(header_end), limit_(limit) {}

  absl::StatusOr<ManifestIndex> Parse(absl::string_view bytes) {
    bool good = true;
    Reserve(bytes);
    WireReader reader(bytes);
    while (good && reader.Next()) {
      if (reader.field() == BlockIndex::kSubjobsFieldNumber) {
        index_.subjobs = reader.number();
      } else if (reader.field() == BlockIndex::kCrc32FieldNumber) {
        index_.content_crc32 = static_cast<uint32_t>(reader.number());
      } else if (reader.field() == BlockIndex::kTemplatesFieldNumber) {
        good = AddTemplate(reader.bytes());
      } else if (reader.field() == BlockIndex::kBlocksFieldNumber) {
        good = AddBlock(reader.bytes());
      }
    }
    if (!good || !reader.ok() || index_.subjobs != subjobs_) {
      return Damaged("the index makes no sense");
    }
    if (subjobs_ == 0) return absl::InvalidArgumentError("has no sub-jobs");
    index_.content_bytes = limit_;
    return std::move(index_);
  }

 private:
  // There may be a million blocks: memory for them is taken once.
  void Reserve(absl::string_view bytes) {
    size_t blocks = 0;
    WireReader reader(bytes);
    while (reader.Next())
      blocks += reader.field() == BlockIndex::kBlocksFieldNumber;
    index_.blocks.reserve(blocks);
  }

  bool AddTemplate(absl::string_view bytes) {
    FieldPlace place;
    return index_.templates.size() < kMaxTemplates &&
           ParseMessage(bytes, &place) &&
           TakePlace(place, limit_, &template_end_,
                     &index_.templates.emplace_back());
  }

  bool AddBlock(absl::string_view bytes) {
    BlockPlace place;
    ManifestIndex::BlockEntry& entry = index_.blocks.emplace_back();
    if (!ParseMessage(bytes, &place) || place.first() != subjobs_ ||
        place.subjobs() == 0 || place.subjobs() > INT64_MAX - subjobs_ ||
        place.place().bytes() == 0 ||
        !TakePlace(place.place(), limit_, &block_end_, &entry.piece)) {
      return false;
    }
    entry.head = entry.piece;
    if (place.head_bytes() > entry.piece.bytes) return false;
    if (place.head_bytes() > 0) {
      entry.head.bytes = place.head_bytes();
      entry.head.crc32 = place.head_crc32();
    }
    entry.first = place.first();
    entry.subjobs = place.subjobs();
    subjobs_ += place.subjobs();
    return true;
  }

  ManifestIndex index_;
  uint64_t subjobs_ = 0;
  uint64_t template_end_, block_end_;
  uint64_t limit_;
};

}  // namespace

absl::StatusOr<ManifestIndex> ManifestIndex::Parse(absl::string_view file) {
  absl::StatusOr<uint64_t> header_end = ParseHeader(file);
  if (!header_end.ok()) return header_end.status();
  absl::StatusOr<Tail> tail = ParseTail(file, *header_end);
  if (!tail.ok()) return tail.status();
  uint64_t size = file.size() - kManifestTailBytes - tail->index_offset;
  WireReader reader(file.substr(tail->index_offset, size));
  if (!reader.Next() || reader.field() != Manifest::kIndexFieldNumber ||
      !reader.has_bytes()) {
    return Damaged("the index is not where the end says");
  }
  absl::string_view bytes = reader.bytes();
  if (reader.Next() || Crc32(bytes) != tail->index_crc32) {
    return Damaged("checksum of the index");
  }
  return IndexParser(*header_end, tail->index_offset).Parse(bytes);
}

absl::StatusOr<absl::string_view> ReadPiece(absl::string_view file,
                                            const Piece& piece) {
  absl::string_view bytes = file.substr(piece.offset, piece.bytes);
  if (Crc32(bytes) != piece.crc32) {
    return absl::DataLossError(absl::StrCat("damaged: checksum of ",
                                            piece.bytes, " bytes at offset ",
                                            piece.offset));
  }
  return bytes;
}

}  // namespace cram
