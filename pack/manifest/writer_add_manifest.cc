#include "pack/base/io.h"
#include "pack/manifest/content_to_copy.h"
#include "pack/manifest/index.h"
#include "pack/manifest/mapped_file.h"
#include "pack/manifest/subjob_maker.h"
#include "pack/manifest/wire.h"
#include "pack/manifest/writer.h"

namespace cram {
namespace {

// A serialized cram.Block, taken apart.
struct BlockParts {
  uint32_t template_id = 0;
  uint32_t body_field = 0;
  absl::string_view body;
};

absl::StatusOr<BlockParts> TakeApart(absl::string_view block) {
  BlockParts parts;
  WireReader reader(block);
  while (reader.Next()) {
    if (reader.has_bytes()) {
      parts.body_field = reader.field();
      parts.body = reader.bytes();
    } else if (reader.field() == Block::kTemplateIdFieldNumber) {
      parts.template_id = static_cast<uint32_t>(reader.number());
    }
  }
  if (!reader.ok() || parts.body_field == 0) {
    return absl::DataLossError("a damaged block");
  }
  return parts;
}

}  // namespace

absl::Status ManifestWriter::AddManifest(const std::string& path) {
  absl::StatusOr<MappedFile> file = MappedFile::Open(path);
  if (!file.ok()) return file.status();
  absl::Status status = FlushRows();
  rows_.reset();
  if (status.ok()) status = WithContext(path, AddContent(*file));
  return status;
}

absl::Status ManifestWriter::AddContent(const MappedFile& file) {
  absl::StatusOr<ManifestIndex> index = ManifestIndex::Read(file);
  if (!index.ok()) return index.status();
  absl::Status status = ContentToCopy(file, *index).status();
  if (!status.ok()) return status;
  std::vector<uint32_t> ids;
  for (const Piece& piece : index->templates) {
    absl::StatusOr<absl::string_view> bytes = ReadPiece(file.bytes(), piece);
    if (!bytes.ok()) return bytes.status();
    SubJobTemplate source;
    if (!ParseTemplate(*bytes, &source)) {
      return absl::DataLossError("a damaged template");
    }
    absl::StatusOr<uint32_t> id = AddTemplate(source);
    if (!id.ok()) return id.status();
    ids.push_back(*id);
  }
  for (size_t i = 0; i < index->blocks.size(); ++i) {
    BlockEntry block = index->blocks[i];
    file.WillRead(file.bytes().substr(block.piece.offset, block.piece.bytes));
    absl::StatusOr<absl::string_view> bytes =
        ReadPiece(file.bytes(), block.piece);
    if (!bytes.ok()) return bytes.status();
    absl::StatusOr<BlockParts> parts = TakeApart(*bytes);
    if (!parts.ok()) return parts.status();
    if (parts->template_id >= ids.size()) {
      return absl::DataLossError("a block of no template");
    }
    status =
        AppendBlock(ids[parts->template_id], block.subjobs, parts->body_field,
                    parts->body, block.piece.bytes - block.head.bytes);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace cram
