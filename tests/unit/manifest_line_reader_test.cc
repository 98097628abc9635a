#include <gmock/gmock.h>

#include "pack/manifest/layout.h"
#include "pack/manifest/line_reader.h"
#include "tests/unit/manifest_fixture.h"

namespace cram {
namespace {

using testing::ElementsAre;

class LineReaderTest : public ManifestTest {
 protected:
  // All lines, and at last the error if there is one.
  std::vector<std::string> Lines(absl::string_view content) {
    SetContent(content);
    absl::StatusOr<LineReader> reader = LineReader::Open(path_);
    EXPECT_TRUE(reader.ok()) << reader.status();
    std::vector<std::string> lines;
    std::string line;
    for (;;) {
      absl::StatusOr<bool> more = reader->Next(&line);
      if (!more.ok()) lines.emplace_back(more.status().message());
      if (!more.ok() || !*more) return lines;
      lines.push_back(line);
    }
  }
};

TEST_F(LineReaderTest, ReadsLinesOfAllSystems) {
  EXPECT_THAT(Lines("a\nb\r\n\nc"), ElementsAre("a", "b", "", "c"));
}

TEST_F(LineReaderTest, AnEndingNewlineBeginsNoLine) {
  EXPECT_THAT(Lines("a\n"), ElementsAre("a"));
  EXPECT_THAT(Lines(""), ElementsAre());
}

TEST_F(LineReaderTest, SkipsAByteOrderMark) {
  EXPECT_THAT(Lines("\xef\xbb\xbf"
                    "a\n"),
              ElementsAre("a"));
}

TEST_F(LineReaderTest, ReadsLinesLongerThanItsBuffer) {
  std::string big(300000, 'x');
  EXPECT_THAT(Lines(big + "\n" + big + "y\nz"),
              ElementsAre(big, big + "y", "z"));
}

TEST_F(LineReaderTest, NamesTheLineOfANulByte) {
  EXPECT_THAT(Lines(absl::string_view("a\nb\0c\n", 6)),
              ElementsAre("a", path_ + ":2: a NUL byte"));
}

TEST_F(LineReaderTest, RefusesALineThatFitsNoManifest) {
  EXPECT_THAT(Lines("a\n" + std::string(kMaxUnpackedBytes + 1, 'x')),
              ElementsAre("a", path_ + ":2: too long a line"));
}

TEST_F(LineReaderTest, SaysWhyAFileCannotBeRead) {
  EXPECT_EQ(LineReader::Open(directory_ + "/none").status().message(),
            directory_ + "/none: No such file or directory");
  absl::StatusOr<LineReader> reader = LineReader::Open(directory_);
  ASSERT_TRUE(reader.ok());
  std::string line;
  EXPECT_EQ(reader->Next(&line).status().message(),
            directory_ + ": Is a directory");
}

}  // namespace
}  // namespace cram
