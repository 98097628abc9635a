// The format on disk: what is in the golden files must be read, and written,
// by every later version.
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"
#include "pack/journal/frame.h"
#include "pack/journal/journal_writer.h"
#include "pack/journal/reader.h"
#include "tests/unit/journal_example.h"
#include "tests/unit/temporary_directory.h"

namespace cram {
namespace {

std::string Golden(absl::string_view name) {
  return absl::StrCat(CRAM_GOLDEN, "/", name);
}

TEST(JournalFormat, GoldenFileSaysWhatItSaid) {
  std::string dump;
  absl::StatusOr<JournalEnd> end =
      ReadJournal(Golden("journal-1.0"), [&](const JournalRecord& record) {
        absl::StrAppend(&dump, record.ShortDebugString(), "\n");
      });
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_FALSE(end->torn);
  absl::StatusOr<std::string> expected = ReadFile(Golden("journal-1.0.txt"));
  ASSERT_TRUE(expected.ok());
  EXPECT_EQ(dump, *expected);
}

TEST(JournalFormat, WriterWritesTheGoldenFile) {
  TemporaryDirectory dir;
  std::string path = dir.path() + "/journal.0";
  {
    absl::StatusOr<std::unique_ptr<JournalWriter>> writer =
        JournalWriter::Create(path);
    ASSERT_TRUE(writer.ok());
    for (const JournalRecord& record : ExampleJournal()) {
      (*writer)->Append(record);
    }
    ASSERT_TRUE((*writer)->Flush().ok());
  }
  absl::StatusOr<std::string> written = ReadFile(path);
  absl::StatusOr<std::string> golden = ReadFile(Golden("journal-1.0"));
  ASSERT_TRUE(written.ok() && golden.ok());
  EXPECT_EQ(*written, *golden);
}

TEST(Frame, HeaderIsMagicAndVersionInLittleEndian) {
  EXPECT_EQ(EncodeFileHeader({"cramjrnl", 0x0102, 3}),
            std::string("cramjrnl\x02\x01\x03\0\0\0\0\0", 16));
}

TEST(Frame, IsLengthChecksumPayload) {
  std::string bytes;
  AppendFrame("123456789", &bytes);  // the check value of crc32: cbf43926
  EXPECT_EQ(bytes, std::string("\x09\0\0\0\x26\x39\xf4\xcb", 8) + "123456789");
}

TEST(Frame, ZerosAreDamageAndNotAFrame) {
  std::string zeros(64, '\0');
  FrameParser parser(zeros);
  EXPECT_FALSE(parser.Next().has_value());
  EXPECT_TRUE(parser.torn());
  EXPECT_TRUE(parser.damaged());
  EXPECT_EQ(parser.position(), 0u);
}

TEST(Frame, AnAbsurdLengthIsDamageAndNotAWait) {
  std::string bytes("\xff\xff\xff\xff\0\0\0\0", 8);
  FrameParser parser(bytes);
  EXPECT_FALSE(parser.Next().has_value());
  EXPECT_TRUE(parser.damaged());
}

TEST(Frame, ACutFrameIsTornAndNotDamaged) {
  std::string bytes;
  AppendFrame("payload", &bytes);
  FrameParser parser(absl::string_view(bytes).substr(0, bytes.size() - 1), 16);
  EXPECT_FALSE(parser.Next().has_value());
  EXPECT_TRUE(parser.torn());
  EXPECT_FALSE(parser.damaged());
  EXPECT_EQ(parser.position(), 16u);
}

TEST(Frame, RefusesAnotherKindAndANewerMajor) {
  EXPECT_TRUE(
      CheckFileHeader(EncodeFileHeader(kJournalFile), kJournalFile).ok());
  EXPECT_EQ(
      CheckFileHeader(EncodeFileHeader(kOutputFile), kJournalFile).message(),
      "not a cramjrnl file");
  EXPECT_EQ(CheckFileHeader(EncodeFileHeader({"cramjrnl", 2, 0}), kJournalFile)
                .message(),
            "version 2 is newer than this program, which reads 1");
  EXPECT_TRUE(
      CheckFileHeader(EncodeFileHeader({"cramjrnl", 1, 7}), kJournalFile).ok());
}

}  // namespace
}  // namespace cram
