// Whatever the bytes, a reader answers with one line, in little time and
// memory.
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <unistd.h>

#include <random>

#include "absl/strings/str_cat.h"
#include "pack/manifest/checksum.h"
#include "pack/manifest/index.h"
#include "pack/manifest/layout.h"
#include "pack/manifest/preflight.h"
#include "pack/manifest/wire.h"
#include "tests/unit/manifest_fixture.h"

namespace cram {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class ManifestDamageTest : public ManifestTest {
 protected:
  // In memory: thousands of files take seconds on a disk.
  void SetContent(absl::string_view bytes) {
    path_ = absl::StrCat("/proc/self/fd/", memory_.get());
    ASSERT_EQ(ftruncate(memory_.get(), 0), 0);
    ASSERT_EQ(pwrite(memory_.get(), bytes.data(), bytes.size(), 0),
              static_cast<ssize_t>(bytes.size()));
  }

  // Appends index, checksum and tail to `content`, as a writer would.
  void SetIndexed(std::string content, BlockIndex index) {
    index.set_crc32(Crc32(content));
    uint64_t offset = content.size();
    std::string bytes = index.SerializeAsString();
    AppendBytesField(Manifest::kIndexFieldNumber, bytes, &content);
    AppendFixed32Field(Manifest::kIndexCrc32FieldNumber, Crc32(bytes),
                       &content);
    AppendFixed64Field(Manifest::kIndexOffsetFieldNumber, offset, &content);
    SetContent(content);
  }

  static std::string Header(uint32_t major) {
    Manifest manifest;
    manifest.mutable_header()->set_magic(kManifestMagic);
    manifest.mutable_header()->set_major(major);
    return manifest.SerializeAsString();
  }

  // A manifest of one block with this content, all checksums right.
  void SetBlock(uint64_t subjobs, const Block& block) {
    std::string content = Header(1);
    BlockIndex index;
    index.set_subjobs(subjobs);
    AppendBytesHeader(Manifest::kTemplatesFieldNumber, 0, &content);
    index.add_templates()->set_offset(content.size());
    std::string bytes = block.SerializeAsString();
    AppendBytesHeader(Manifest::kBlocksFieldNumber, bytes.size(), &content);
    BlockPlace* place = index.add_blocks();
    place->set_subjobs(subjobs);
    place->mutable_place()->set_offset(content.size());
    place->mutable_place()->set_bytes(bytes.size());
    place->mutable_place()->set_crc32(Crc32(bytes));
    SetIndexed(content + bytes, index);
  }

  std::string OneLine() {
    std::string error = Error();
    EXPECT_THAT(error, AllOf(HasSubstr(path_), Not(HasSubstr("\n"))));
    return error;
  }

 private:
  UniqueFd memory_{memfd_create("manifest", MFD_CLOEXEC)};
};

TEST_F(ManifestDamageTest, NoFile) {
  EXPECT_EQ(Error(), path_ + ": No such file or directory");
}

TEST_F(ManifestDamageTest, NotAFile) {
  EXPECT_EQ(ManifestReader::Open(directory_).status().message(),
            directory_ + ": Is a directory");
  EXPECT_EQ(ManifestReader::Open("/dev/zero").status().message(),
            "/dev/zero: not a regular file");
}

TEST_F(ManifestDamageTest, NotAManifest) {
  SetContent("");
  EXPECT_EQ(Error(), path_ + ": not a manifest: the file is empty");
  SetContent("#!/bin/sh\necho hello\n");
  EXPECT_EQ(Error(), path_ + ": not a manifest");
}

TEST_F(ManifestDamageTest, ANewerVersion) {
  SetContent(Header(2));
  EXPECT_EQ(Error(), path_ +
                         ": version 2.0 is newer than this program, which "
                         "reads 1");
}

TEST_F(ManifestDamageTest, NoSubJobs) {
  SetIndexed(Header(1), BlockIndex());
  EXPECT_EQ(Error(), path_ + ": has no sub-jobs");
}

TEST_F(ManifestDamageTest, TruncatedAnywhere) {
  WriteOneOfEach();
  std::string content = Content();
  for (size_t size = 0; size < content.size(); ++size) {
    SetContent(absl::string_view(content).substr(0, size));
    ASSERT_NE(OneLine(), "") << size;
  }
  SetContent(absl::string_view(content).substr(0, content.size() - 1));
  EXPECT_THAT(Error(), HasSubstr("truncated"));
}

TEST_F(ManifestDamageTest, BytesBehindTheEnd) {
  WriteOneOfEach();
  SetContent(Content() + "x");
  EXPECT_NE(Error(), "");
}

TEST_F(ManifestDamageTest, AnyBitFlipped) {
  WriteOneOfEach();
  std::string content = Content();
  for (size_t bit = 0; bit < content.size() * 8; ++bit) {
    content[bit / 8] = static_cast<char>(content[bit / 8] ^ (1 << bit % 8));
    SetContent(content);
    ASSERT_NE(OneLine(), "") << "bit " << bit;
    content[bit / 8] = static_cast<char>(content[bit / 8] ^ (1 << bit % 8));
  }
}

TEST_F(ManifestDamageTest, AFlippedBitIsFoundByWhoReadsOnlyThatSubJob) {
  WriteOneOfEach();
  std::string content = Content();
  size_t place = content.find("true");
  ASSERT_NE(place, std::string::npos);
  content[place] = 'T';
  SetContent(content);
  std::unique_ptr<ManifestReader> reader = Open();
  EXPECT_TRUE(reader->Get(0).ok());
  EXPECT_THAT(std::string(reader->Get(12).status().message()),
              HasSubstr("sub-job 12: damaged: checksum"));
}

TEST_F(ManifestDamageTest, RandomBytesBehindAGoodHeader) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(random() % 200, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    SetContent(absl::StrCat(round % 2 == 0 ? Header(1) : "", bytes));
    ASSERT_NE(OneLine(), "");
  }
}

// Checksums that are right, as a foreign writer can make them, around bytes
// that make no sense.
TEST_F(ManifestDamageTest, RandomBlocksWithGoodChecksums) {
  WriteOneOfEach();
  Manifest manifest;
  ASSERT_TRUE(manifest.ParseFromString(Content()));
  std::mt19937 random(2);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes =
        manifest.blocks(static_cast<int>(random() % 4)).SerializeAsString();
    for (uint32_t flips = random() % 4 + 1; flips > 0; --flips) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    Block block;
    if (!block.ParseFromString(bytes)) continue;
    SetBlock(block.subjobs(), block);
    absl::StatusOr<std::unique_ptr<ManifestReader>> reader =
        ManifestReader::Open(path_);
    if (!reader.ok()) continue;
    (void)(*reader)->Verify();
    for (uint64_t i = 0; i < std::min<uint64_t>((*reader)->size(), 10); ++i) {
      (void)(*reader)->Get(i);
    }
  }
}

TEST_F(ManifestDamageTest, RowsThatClaimToUnpackToGigabytes) {
  Block block;
  block.set_subjobs(1);
  block.mutable_rows()->set_unpacked_bytes(uint64_t{8} << 30);
  SetBlock(1, block);
  EXPECT_THAT(Error(), HasSubstr("unpack to more than 8 MiB"));
}

TEST_F(ManifestDamageTest, RowGroupsThatMakeNoSense) {
  auto error_of = [this](uint64_t rows, uint64_t unpacked, uint64_t packed) {
    Block block;
    block.set_subjobs(rows);
    block.mutable_groups()->set_own(true);
    block.mutable_groups()->set_data("12345");
    RowGroup* group = block.mutable_groups()->add_groups();
    group->set_rows(rows);
    group->set_unpacked_bytes(unpacked);
    group->set_packed_bytes(packed);
    SetBlock(rows, block);
    return Error();
  };
  EXPECT_THAT(error_of(1, uint64_t{8} << 30, 5),
              HasSubstr("unpack to more than 8 MiB"));
  EXPECT_THAT(error_of(1, 5, 6), HasSubstr("damaged rows"));
  EXPECT_THAT(error_of(uint64_t{1} << 63, 5, 5), HasSubstr("makes no sense"));
  EXPECT_THAT(error_of(5, 5, 5), HasSubstr("rows do not unpack"));
}

// Rows that have nothing take no bytes, however many they are: nobody may go
// through them.
TEST_F(ManifestDamageTest, EndlessRowsOfNothing) {
  constexpr uint64_t kRows = uint64_t{1} << 60;
  const std::string empty_frame("\x28\xb5\x2f\xfd\x20\x00\x01\x00\x00", 9);
  Block block;
  block.set_subjobs(kRows);
  block.mutable_groups()->set_own(true);
  block.mutable_groups()->set_data(empty_frame);
  RowGroup* group = block.mutable_groups()->add_groups();
  group->set_rows(kRows);
  group->set_packed_bytes(empty_frame.size());
  group->set_crc32(Crc32(empty_frame));
  SetBlock(kRows, block);
  EXPECT_EQ(Error(), "");
  EXPECT_TRUE(Open()->Get(kRows - 1).ok());
  EXPECT_TRUE(Preflight(path_, {}, {"run"}, {}).ok());
}

// A few hundred bytes of file, a hundred megabytes as objects.
TEST_F(ManifestDamageTest, MillionsOfEmptyWords) {
  std::string words;
  for (size_t i = 0; i <= kMaxTexts; ++i) words.append("\x0a\x00", 2);
  std::unique_ptr<ManifestWriter> writer = Writer();
  EXPECT_FALSE(
      writer->AddTemplate(Command(std::vector<std::string>(kMaxTexts + 1)))
          .ok());
  ASSERT_TRUE(writer->AddTemplate(SubJobTemplate()).ok());
  ASSERT_TRUE(writer->StartRows(0, {}, true).ok());
  std::vector<std::string> command(kMaxTexts + 1);
  EXPECT_THAT(std::string(writer->AddRow({}, command).message()),
              HasSubstr("more than 131072 words"));
  EXPECT_FALSE(writer->AddRow({}, {"run"}, words).ok());
  command.pop_back();
  ASSERT_TRUE(writer->AddRow({}, command).ok());
  ASSERT_TRUE(writer->Finish().ok());
  EXPECT_EQ(Error(), "");

  std::string content = Header(1);
  AppendBytesHeader(Manifest::kTemplatesFieldNumber, words.size(), &content);
  BlockIndex index;
  FieldPlace* place = index.add_templates();
  place->set_offset(content.size());
  place->set_bytes(words.size());
  place->set_crc32(Crc32(words));
  content += words;
  Block block;
  block.set_subjobs(1);
  block.mutable_sweep();
  std::string bytes = block.SerializeAsString();
  AppendBytesHeader(Manifest::kBlocksFieldNumber, bytes.size(), &content);
  index.set_subjobs(1);
  index.add_blocks()->set_subjobs(1);
  place = index.mutable_blocks(0)->mutable_place();
  place->set_offset(content.size());
  place->set_bytes(bytes.size());
  SetIndexed(content + bytes, index);
  EXPECT_THAT(Error(), HasSubstr("template 0: damaged"));
}

TEST_F(ManifestDamageTest, MillionsOfPlaceholders) {
  std::string text;
  for (size_t i = 0; i <= kMaxTexts; ++i) text += "{index}";
  EXPECT_THAT(
      std::string(Writer()->AddTemplate(Command({text})).status().message()),
      HasSubstr("more than 131072 placeholders"));
}

TEST_F(ManifestDamageTest, AHeadThatIsLargerThanItsBlock) {
  Block block;
  block.set_subjobs(1);
  block.mutable_sweep();
  SetBlock(1, block);
  std::string content = Content();
  absl::StatusOr<ManifestIndex> index = ManifestIndex::Parse(content);
  BlockIndex larger;
  larger.set_subjobs(1);
  BlockPlace* place = larger.add_blocks();
  place->set_subjobs(1);
  place->mutable_place()->set_offset(index->blocks[0].piece.offset);
  place->mutable_place()->set_bytes(index->blocks[0].piece.bytes);
  place->set_head_bytes(index->blocks[0].piece.bytes + 1);
  SetIndexed(content.substr(0, index->content_bytes), larger);
  EXPECT_THAT(Error(), HasSubstr("the index makes no sense"));
}

TEST_F(ManifestDamageTest, ASweepOfAnotherSizeThanItsBlock) {
  Block block;
  block.set_subjobs(7);
  AddRange(block.mutable_sweep(), "a", 0, 1, 6);
  SetBlock(7, block);
  EXPECT_THAT(Error(), HasSubstr("a block that is not whole"));
}

TEST_F(ManifestDamageTest, ABlockOfAnotherSizeThanTheIndexSays) {
  Block block;
  block.set_subjobs(6);
  AddRange(block.mutable_sweep(), "a", 0, 1, 6);
  SetBlock(7, block);
  EXPECT_THAT(Error(), HasSubstr("index and block do not agree"));
}

TEST_F(ManifestDamageTest, ABlockOfATemplateThatIsNotThere) {
  Block block;
  block.set_template_id(1);
  block.set_subjobs(1);
  block.mutable_sweep();
  SetBlock(1, block);
  EXPECT_THAT(Error(), HasSubstr("a template that is not there"));
}

TEST_F(ManifestDamageTest, PlacesOutsideOfTheFile) {
  for (uint64_t offset : {uint64_t{100000}, UINT64_MAX, uint64_t{0}}) {
    BlockIndex index;
    index.set_subjobs(1);
    BlockPlace* block = index.add_blocks();
    block->set_subjobs(1);
    block->mutable_place()->set_offset(offset);
    block->mutable_place()->set_bytes(UINT64_MAX);
    SetIndexed(Header(1), index);
    EXPECT_THAT(Error(), HasSubstr("the index makes no sense"));
  }
}

}  // namespace
}  // namespace cram
