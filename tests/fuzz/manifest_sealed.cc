// Behind the checksums: the templates and blocks of the input are put into a
// file with a good header, index and checksums, as a foreign writer could.
#include "pack/manifest/block.h"
#include "pack/manifest/checksum.h"
#include "pack/manifest/layout.h"
#include "pack/manifest/manifest.pb.h"
#include "pack/manifest/wire.h"
#include "tests/fuzz/read_manifest.h"
#include "tests/fuzz/target.h"

namespace cram {
namespace {

class Sealer {
 public:
  Sealer() {
    Manifest manifest;
    manifest.mutable_header()->set_magic(kManifestMagic);
    manifest.mutable_header()->set_major(kManifestMajor);
    content_ = manifest.SerializeAsString();
  }

  void AddTemplate(absl::string_view bytes) {
    Add(Manifest::kTemplatesFieldNumber, bytes, index_.add_templates());
  }

  void AddBlock(absl::string_view bytes) {
    absl::StatusOr<BlockView> view = BlockView::Parse(bytes);
    BlockPlace* place = index_.add_blocks();
    place->set_first(index_.subjobs());
    place->set_subjobs(view.ok() ? view->subjobs : 1);
    index_.set_subjobs(index_.subjobs() + place->subjobs());
    Add(Manifest::kBlocksFieldNumber, bytes, place->mutable_place());
  }

  std::string Seal() {
    index_.set_crc32(Crc32(content_));
    std::string bytes = index_.SerializeAsString();
    uint64_t offset = content_.size();
    AppendBytesField(Manifest::kIndexFieldNumber, bytes, &content_);
    AppendFixed32Field(Manifest::kIndexCrc32FieldNumber, Crc32(bytes),
                       &content_);
    AppendFixed64Field(Manifest::kIndexOffsetFieldNumber, offset, &content_);
    return std::move(content_);
  }

 private:
  void Add(uint32_t field, absl::string_view bytes, FieldPlace* place) {
    AppendBytesHeader(field, bytes.size(), &content_);
    place->set_offset(content_.size());
    place->set_bytes(bytes.size());
    place->set_crc32(Crc32(bytes));
    content_.append(bytes.data(), bytes.size());
  }

  std::string content_;
  BlockIndex index_;
};

}  // namespace
}  // namespace cram

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cram::Sealer sealer;
  cram::WireReader fields(cram::TextOf(data, size));
  while (fields.Next()) {
    if (fields.field() == cram::Manifest::kTemplatesFieldNumber) {
      sealer.AddTemplate(fields.bytes());
    } else if (fields.field() == cram::Manifest::kBlocksFieldNumber) {
      sealer.AddBlock(fields.bytes());
    }
  }
  cram::ReadAnyManifest(sealer.Seal());
  return 0;
}
