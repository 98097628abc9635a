// Rows in groups: any row is found by unpacking its group alone.
#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "pack/manifest/index.h"
#include "tests/unit/manifest_fixture.h"

namespace cram {
namespace {

using testing::HasSubstr;

class RowGroupsTest : public ManifestTest {
 protected:
  // Row i has the value i, and a note of bytes(i).
  template <typename Bytes>
  void Write(uint64_t rows, Bytes bytes) {
    std::unique_ptr<ManifestWriter> writer = Writer();
    ASSERT_TRUE(writer->AddTemplate(Command({"run", "{n}"})).ok());
    ASSERT_TRUE(writer->StartRows(0, {"n", "note"}, false).ok());
    for (uint64_t i = 0; i < rows; ++i) {
      ASSERT_TRUE(writer->AddRow({absl::StrCat(i), Note(i, bytes(i))}).ok());
    }
    ASSERT_TRUE(writer->Finish().ok());
  }

  static std::string Note(uint64_t i, size_t bytes) {
    return std::string(bytes, static_cast<char>('a' + i % 26));
  }

  std::vector<RowGroupView> Groups(size_t block = 0) {
    return Open()->GetBlock(block)->rows.groups;
  }

  // Where, in the file, the packed bytes of the first block's group begin.
  size_t DataOf(size_t group) {
    std::string content = Content();
    const Piece head = ManifestIndex::Parse(content)->blocks[0].head;
    std::vector<RowGroupView> groups = Groups();
    size_t place = head.end();
    for (size_t i = 0; i < group; ++i) place += groups[i].zstd.size();
    return place;
  }

  void FlipByte(size_t place) {
    std::string content = Content();
    content[place] = static_cast<char>(content[place] ^ 1);
    SetContent(content);
  }
};

TEST_F(RowGroupsTest, AnyRowIsFound) {
  constexpr uint64_t kRows = 20000;
  auto bytes = [](uint64_t i) { return i % 97 == 0 ? 5000 : i * 31 % 60; };
  Write(kRows, bytes);
  std::unique_ptr<ManifestReader> reader = Open();
  EXPECT_GT(reader->blocks(), 2u);
  for (uint64_t i = 0; i < kRows; ++i) {
    uint64_t index = i * 7919 % kRows;
    absl::StatusOr<SubJob> subjob = reader->Get(index);
    ASSERT_TRUE(subjob.ok()) << subjob.status();
    ASSERT_EQ(subjob->argv[1], absl::StrCat(index));
    ASSERT_EQ(subjob->params[1].second, Note(index, bytes(index)));
  }
}

TEST_F(RowGroupsTest, AGroupIsAFewKiB) {
  Write(5000, [](uint64_t) { return 40; });
  for (const RowGroupView& group : Groups()) {
    EXPECT_LT(group.unpacked_bytes, 5000u);
  }
  EXPECT_GT(Groups().size(), 30u);
}

TEST_F(RowGroupsTest, ALongRowFillsItsGroup) {
  Write(3, [](uint64_t i) { return i == 1 ? 1 << 20 : 1; });
  ASSERT_EQ(Groups().size(), 1u);
  EXPECT_EQ(Groups()[0].rows, 2u);
  EXPECT_EQ(Groups(1)[0].rows, 1u);
}

TEST_F(RowGroupsTest, OneThatIsNotTouchedIsNotChecked) {
  Write(300, [](uint64_t) { return 100; });
  uint64_t damaged = Groups()[3].first;
  FlipByte(DataOf(3));
  std::unique_ptr<ManifestReader> reader = Open();
  EXPECT_TRUE(reader->Get(damaged - 1).ok());
  EXPECT_EQ(reader->Get(damaged).status().message(),
            absl::StrCat(path_, ": sub-job ", damaged,
                         ": damaged: checksum of packed rows"));
  EXPECT_TRUE(reader->Get(299).ok());
  EXPECT_THAT(Error(), HasSubstr("damaged: checksum of the whole"));
}

TEST_F(RowGroupsTest, ADamagedHeadIsNotTrusted) {
  Write(300, [](uint64_t) { return 100; });
  size_t data = DataOf(0);
  for (size_t i = 1; i < 50; ++i) {
    FlipByte(data - i);
    EXPECT_THAT(std::string(Open()->Get(0).status().message()),
                HasSubstr("damaged: checksum of"));
    FlipByte(data - i);
  }
  EXPECT_EQ(Error(), "");
}

TEST_F(RowGroupsTest, KeepTheirHeadsWhenMoreIsAdded) {
  Write(300, [](uint64_t) { return 100; });
  size_t head = ManifestIndex::Parse(Content())->blocks[0].head.bytes;
  std::unique_ptr<ManifestWriter> writer = *ManifestWriter::AddTo(path_);
  uint32_t id = *writer->AddTemplate(Command({"other"}));
  ASSERT_TRUE(writer->AddSweep(id, Sweep()).ok());
  ASSERT_TRUE(writer->Finish().ok());
  std::string content = Content();
  absl::StatusOr<ManifestIndex> index = ManifestIndex::Parse(content);
  EXPECT_EQ(index->blocks[0].head.bytes, head);
  EXPECT_LT(head, index->blocks[0].piece.bytes / 2);
  EXPECT_EQ(index->blocks[1].head.bytes, index->blocks[1].piece.bytes);
  EXPECT_EQ(Open()->Get(299)->argv[1], "299");
  EXPECT_EQ(Error(), "");
}

}  // namespace
}  // namespace cram
