// A reader of this version, and manifests of later ones.
#include <gmock/gmock.h>
#include <google/protobuf/message.h>
#include <google/protobuf/unknown_field_set.h>
#include <zstd.h>

#include "pack/manifest/checksum.h"
#include "pack/manifest/content_hash.h"
#include "pack/manifest/wire.h"
#include "tests/unit/manifest_fixture.h"

namespace cram {
namespace {

using testing::HasSubstr;

// Gives every message in this one fields that nobody knows, of all types.
void AddUnknown(google::protobuf::Message* message) {
  const google::protobuf::Reflection* reflection = message->GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const google::protobuf::FieldDescriptor* field : fields) {
    if (field->message_type() == nullptr) continue;
    if (!field->is_repeated()) {
      AddUnknown(reflection->MutableMessage(message, field));
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
      AddUnknown(reflection->MutableRepeatedMessage(message, field, i));
    }
  }
  auto* unknown = reflection->MutableUnknownFields(message);
  unknown->AddVarint(1000, 7);
  unknown->AddLengthDelimited(1001, "later");
  unknown->AddFixed32(1002, 8);
  unknown->AddFixed64(1003, 9);
}

// The same for what is packed.
void AddUnknownToRows(RowGroups* groups) {
  std::string data;
  absl::string_view rest = groups->data();
  for (RowGroup& group : *groups->mutable_groups()) {
    std::string bytes(group.unpacked_bytes(), '\0');
    ASSERT_EQ(ZSTD_decompress(&bytes[0], bytes.size(), rest.data(),
                              group.packed_bytes()),
              bytes.size());
    rest.remove_prefix(group.packed_bytes());
    Rows rows;
    ASSERT_TRUE(rows.ParseFromString(bytes));
    AddUnknown(&rows);
    bytes = rows.SerializeAsString();
    std::string packed(ZSTD_compressBound(bytes.size()), '\0');
    packed.resize(ZSTD_compress(&packed[0], packed.size(), bytes.data(),
                                bytes.size(), 1));
    group.set_unpacked_bytes(bytes.size());
    group.set_packed_bytes(packed.size());
    group.set_crc32(Crc32(packed));
    data += packed;
  }
  groups->set_data(data);
}

class ManifestVersions : public ManifestTest {
 protected:
  // Behind those of one kind each: a sample, and rows with what is their own.
  void WriteAll() {
    WriteOneOfEach();
    auto writer = *ManifestWriter::AddTo(path_);
    uint32_t id = *writer->AddTemplate(Command({"sampled", "{u}"}));
    Sweep sweep;
    sweep.mutable_sample()->set_size(4);
    Axis* axis = sweep.add_axes();
    axis->set_name("u");
    axis->mutable_distribution()->add_numbers(0);
    axis->mutable_distribution()->add_numbers(1);
    ASSERT_TRUE(writer->AddSweep(id, sweep).ok());
    id = *writer->AddTemplate(Command({"own"}));
    SubJobTemplate own;
    own.set_cwd("/there");
    own.add_env()->set_name("X");
    ASSERT_TRUE(writer->StartRows(id, {"k"}, false).ok());
    ASSERT_TRUE(writer->AddRow({"1"}, {}, own.SerializeAsString()).ok());
    ASSERT_TRUE(writer->Finish().ok());
  }

  static void Place(uint32_t field, const std::string& bytes,
                    std::string* content, FieldPlace* place) {
    AppendBytesHeader(field, bytes.size(), content);
    place->set_offset(content->size());
    place->set_bytes(bytes.size());
    place->set_crc32(Crc32(bytes));
    *content += bytes;
  }

  // Writes the parts again, as places in the file are others now.
  void SetManifest(const Manifest& manifest) {
    std::string content;
    AppendBytesField(Manifest::kHeaderFieldNumber,
                     manifest.header().SerializeAsString(), &content);
    AppendBytesField(1001, "later", &content);
    BlockIndex index;
    for (const SubJobTemplate& source : manifest.templates()) {
      Place(Manifest::kTemplatesFieldNumber, source.SerializeAsString(),
            &content, index.add_templates());
    }
    for (const Block& block : manifest.blocks()) {
      BlockPlace* place = index.add_blocks();
      place->set_first(index.subjobs());
      place->set_subjobs(block.subjobs());
      Place(Manifest::kBlocksFieldNumber, block.SerializeAsString(), &content,
            place->mutable_place());
      index.set_subjobs(index.subjobs() + block.subjobs());
    }
    AppendVarintField(1000, 7, &content);
    index.set_crc32(Crc32(content));
    AddUnknown(&index);
    std::string bytes = index.SerializeAsString();
    uint64_t offset = content.size();
    AppendBytesField(Manifest::kIndexFieldNumber, bytes, &content);
    AppendFixed32Field(Manifest::kIndexCrc32FieldNumber, Crc32(bytes),
                       &content);
    AppendFixed64Field(Manifest::kIndexOffsetFieldNumber, offset, &content);
    SetContent(content);
  }

  std::vector<uint64_t> Hashes() {
    std::vector<uint64_t> hashes;
    std::unique_ptr<ManifestReader> reader = Open();
    for (uint64_t i = 0; i < reader->size(); ++i) {
      absl::StatusOr<SubJob> subjob = reader->Get(i);
      EXPECT_TRUE(subjob.ok()) << subjob.status();
      hashes.push_back(ContentHash(*subjob));
    }
    return hashes;
  }
};

TEST_F(ManifestVersions, FieldsOfALaterMinorOneArePassedOver) {
  WriteAll();
  std::vector<uint64_t> before = Hashes();
  Manifest manifest;
  ASSERT_TRUE(manifest.ParseFromString(Content()));
  manifest.mutable_header()->set_minor(99);
  for (Block& block : *manifest.mutable_blocks()) {
    if (block.has_groups()) AddUnknownToRows(block.mutable_groups());
  }
  AddUnknown(&manifest);
  SetManifest(manifest);
  EXPECT_EQ(Error(), "");
  EXPECT_EQ(before.size(), 18u);
  EXPECT_EQ(Hashes(), before);
  EXPECT_THAT(std::string(ManifestWriter::AddTo(path_).status().message()),
              HasSubstr("version 1.99 is newer than this program"));
}

TEST_F(ManifestVersions, ABlockOfAnUnknownKindIsRefusedAsThat) {
  WriteAll();
  Manifest manifest;
  ASSERT_TRUE(manifest.ParseFromString(Content()));
  manifest.mutable_header()->set_minor(99);
  manifest.mutable_blocks(1)->clear_body();
  AddUnknown(manifest.mutable_blocks(1));
  SetManifest(manifest);
  EXPECT_EQ(Error(), path_ +
                         ": sub-jobs 6-7: of a kind that this program does not "
                         "know: a newer version may");
  EXPECT_TRUE(Open()->Get(0).ok());
}

}  // namespace
}  // namespace cram
