#include "pack/manifest/index.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pack/manifest/checksum.h"
#include "pack/manifest/layout.h"
#include "pack/manifest/manifest.pb.h"
#include "pack/manifest/wire.h"

namespace cram {
namespace {

// At the end of a file; has the index of a few million rows.
constexpr size_t kReadFirst = 64 << 10;

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

// All but the blocks of a serialized cram.BlockIndex.
absl::Status ParseRest(absl::string_view bytes, uint64_t begin,
                       ManifestIndex* index) {
  bool good = true;
  WireReader reader(bytes);
  while (good && reader.Next()) {
    if (reader.field() == BlockIndex::kSubjobsFieldNumber) {
      index->subjobs = reader.number();
    } else if (reader.field() == BlockIndex::kCrc32FieldNumber) {
      index->content_crc32 = static_cast<uint32_t>(reader.number());
    } else if (reader.field() == BlockIndex::kTemplatesFieldNumber) {
      Piece& piece = index->templates.emplace_back();
      good = index->templates.size() <= kMaxTemplates &&
             ParsePlace(reader.bytes(), begin, index->content_bytes, &piece);
      begin = piece.end();
    }
  }
  if (!good || !reader.ok() || index->subjobs != index->blocks.subjobs()) {
    return Damaged("the index makes no sense");
  }
  if (index->subjobs == 0) {
    return absl::InvalidArgumentError("has no sub-jobs");
  }
  return absl::OkStatus();
}

// Where the end says that the index is, if it is that of a manifest.
absl::string_view WhereIndexIs(absl::string_view file) {
  absl::StatusOr<Tail> tail = ParseTail(file, 0);
  if (!tail.ok()) return {};
  return file.substr(tail->index_offset, kMaxIndexBytes);
}

}  // namespace

absl::StatusOr<ManifestIndex> ManifestIndex::Read(const MappedFile& file) {
  absl::string_view bytes = file.bytes();
  file.WillRead(
      bytes.substr(bytes.size() - std::min(bytes.size(), kReadFirst)));
  file.WillRead(WhereIndexIs(bytes));
  return Parse(bytes);
}

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
  if (bytes.size() > kMaxIndexBytes) return Damaged("too large an index");
  if (reader.Next() || Crc32(bytes) != tail->index_crc32) {
    return Damaged("checksum of the index");
  }
  absl::StatusOr<BlockPlaces> blocks =
      BlockPlaces::Parse(bytes, *header_end, tail->index_offset);
  if (!blocks.ok()) return blocks.status();
  ManifestIndex index;
  index.content_bytes = tail->index_offset;
  index.blocks = *std::move(blocks);
  absl::Status status = ParseRest(bytes, *header_end, &index);
  if (!status.ok()) return status;
  return index;
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
