#include "pack/manifest/block_places.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "pack/manifest/layout.h"
#include "pack/manifest/manifest.pb.h"
#include "pack/manifest/wire.h"

namespace cram {
namespace {

constexpr size_t kEntriesAMark = 16;

// A serialized cram.BlockPlace.
bool ParseEntry(absl::string_view bytes, uint64_t begin, uint64_t limit,
                BlockEntry* entry) {
  uint64_t head_bytes = 0;
  uint32_t head_crc32 = 0;
  absl::string_view place;
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() == BlockPlace::kFirstFieldNumber) {
      entry->first = reader.number();
    } else if (reader.field() == BlockPlace::kSubjobsFieldNumber) {
      entry->subjobs = reader.number();
    } else if (reader.field() == BlockPlace::kPlaceFieldNumber) {
      place = reader.bytes();
    } else if (reader.field() == BlockPlace::kHeadBytesFieldNumber) {
      head_bytes = reader.number();
    } else if (reader.field() == BlockPlace::kHeadCrc32FieldNumber) {
      head_crc32 = static_cast<uint32_t>(reader.number());
    }
  }
  if (!reader.ok() || !ParsePlace(place, begin, limit, &entry->piece) ||
      entry->piece.bytes == 0 || head_bytes > entry->piece.bytes) {
    return false;
  }
  entry->head = entry->piece;
  if (head_bytes > 0) {
    entry->head.bytes = head_bytes;
    entry->head.crc32 = head_crc32;
  }
  return true;
}

}  // namespace

bool ParsePlace(absl::string_view bytes, uint64_t begin, uint64_t limit,
                Piece* piece) {
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() == FieldPlace::kOffsetFieldNumber) {
      piece->offset = reader.number();
    } else if (reader.field() == FieldPlace::kBytesFieldNumber) {
      piece->bytes = reader.number();
    } else if (reader.field() == FieldPlace::kCrc32FieldNumber) {
      piece->crc32 = static_cast<uint32_t>(reader.number());
    }
  }
  return reader.ok() && piece->offset >= begin && piece->offset <= limit &&
         piece->bytes <= limit - piece->offset;
}

bool BlockPlaces::Add(absl::string_view entry, size_t offset, uint64_t* end) {
  BlockEntry block;
  if (size_ == kMaxBlocks || !ParseEntry(entry, *end, limit_, &block) ||
      block.first != subjobs_ || block.subjobs == 0 ||
      block.subjobs > INT64_MAX - subjobs_) {
    return false;
  }
  if (size_++ % kEntriesAMark == 0) marks_.push_back({subjobs_, offset});
  subjobs_ += block.subjobs;
  *end = block.piece.end();
  return true;
}

absl::StatusOr<BlockPlaces> BlockPlaces::Parse(absl::string_view index,
                                               uint64_t begin, uint64_t limit) {
  BlockPlaces places;
  places.index_ = index;
  places.limit_ = limit;
  uint64_t end = begin;
  size_t offset = 0;  // of the field that is read
  WireReader reader(index);
  bool good = true;
  for (; good && reader.Next(); offset = index.size() - reader.left()) {
    if (reader.field() != BlockIndex::kBlocksFieldNumber) continue;
    good = places.Add(reader.bytes(), offset, &end);
  }
  if (good && reader.ok()) return places;
  return absl::DataLossError(
      places.size_ == kMaxBlocks
          ? absl::StrCat("more than ", kMaxBlocks, " blocks")
          : "damaged: the index makes no sense");
}

BlockEntry BlockPlaces::operator[](size_t block) const {
  size_t skip = block % kEntriesAMark;
  WireReader reader(index_.substr(marks_[block / kEntriesAMark].offset));
  while (reader.Next()) {
    if (reader.field() != BlockIndex::kBlocksFieldNumber || skip-- > 0) {
      continue;
    }
    BlockEntry entry;
    if (ParseEntry(reader.bytes(), 0, limit_, &entry)) return entry;
    break;
  }
  return {};
}

size_t BlockPlaces::Find(uint64_t subjob) const {
  auto behind = std::upper_bound(
      marks_.begin(), marks_.end(), subjob,
      [](uint64_t i, const Mark& mark) { return i < mark.first; });
  auto mark = static_cast<size_t>(behind - marks_.begin() - 1);
  size_t block = mark * kEntriesAMark;
  size_t last = std::min(block + kEntriesAMark, size_) - 1;
  WireReader reader(index_.substr(marks_[mark].offset));
  while (block < last && reader.Next()) {
    if (reader.field() != BlockIndex::kBlocksFieldNumber) continue;
    BlockEntry entry;
    if (!ParseEntry(reader.bytes(), 0, limit_, &entry) ||
        subjob - entry.first < entry.subjobs) {
      break;
    }
    ++block;
  }
  return block;
}

}  // namespace cram
