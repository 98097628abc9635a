#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pack/base/io.h"
#include "pack/journal/output_reader.h"
#include "pack/journal/output_writer.h"
#include "tests/unit/temporary_directory.h"

namespace cram {
namespace {

constexpr OutputSource kOut7 = {7, 0, OutputStream::kStdout};
constexpr OutputSource kErr7 = {7, 0, OutputStream::kStderr};
constexpr OutputSource kOut8 = {8, 0, OutputStream::kStdout};
constexpr OutputSource kAgain7 = {7, 1, OutputStream::kStdout};

class OutputTest : public testing::Test {
 protected:
  OutputTest() : path_(dir_.path() + "/output.0") {
    writer_ = *OutputWriter::Create(path_);
    writer_->Append(kOut8, "eight\n");
    first_ = writer_->Append(kOut7, "one ");
    writer_->Append(kErr7, "oops\n");
    writer_->Append(kOut8, "more of eight\n");
    writer_->Append(kOut7, "two\n");
    writer_->Append(kAgain7, "again\n");
    EXPECT_TRUE(writer_->Flush().ok());
  }

  std::string Read(const OutputSource& source,
                   std::optional<OutputExtent> extent) {
    std::string bytes;
    absl::StatusOr<uint64_t> delivered =
        ReadOutput(path_, source, extent, [&bytes](const OutputPiece& piece) {
          bytes.append(piece.bytes.data(), piece.bytes.size());
        });
    if (!delivered.ok()) return delivered.status().ToString();
    EXPECT_EQ(*delivered, bytes.size());
    return bytes;
  }

  TemporaryDirectory dir_;
  std::string path_;
  std::unique_ptr<OutputWriter> writer_;
  uint64_t first_ = 0;
};

TEST_F(OutputTest, TakesOneStreamOutOfAll) {
  EXPECT_EQ(Read(kOut7, OutputExtent{first_, 8}), "one two\n");
  EXPECT_EQ(Read(kErr7, OutputExtent{first_, 5}), "oops\n");
}

TEST_F(OutputTest, KeepsTheRankThatPrintedIt) {
  OutputSource source = {9, 0, OutputStream::kStdout, 0};
  writer_->Append(source, "of rank 0");
  source.rank = 300;
  writer_->Append(source, "of rank 300");
  source.rank.reset();
  writer_->Append(source, "of none");
  ASSERT_TRUE(writer_->Flush().ok());
  std::vector<std::pair<std::optional<uint32_t>, std::string>> pieces;
  (void)ReadOutput(path_, source, std::nullopt, [&](const OutputPiece& piece) {
    pieces.emplace_back(piece.rank, piece.bytes);
  });
  EXPECT_THAT(pieces,
              testing::ElementsAre(
                  std::pair(std::optional<uint32_t>(0), "of rank 0"),
                  std::pair(std::optional<uint32_t>(300), "of rank 300"),
                  std::pair(std::nullopt, "of none")));
}

TEST_F(OutputTest, FindsItWithoutAnEndedRecord) {
  EXPECT_EQ(Read(kOut7, std::nullopt), "one two\n");
  EXPECT_EQ(Read(kAgain7, std::nullopt), "again\n");
  EXPECT_EQ(Read({9, 0, OutputStream::kStdout}, std::nullopt), "");
}

TEST_F(OutputTest, AnEmptyStreamReadsNothing) {
  EXPECT_EQ(Read(kOut7, OutputExtent{0, 0}), "");
}

TEST_F(OutputTest, SplitsWhatIsLongAndPutsItTogetherAgain) {
  std::string large;
  for (int i = 0; large.size() < (40 << 20); ++i) large += std::to_string(i);
  OutputSource source = {9, 0, OutputStream::kStdout};
  uint64_t offset = writer_->Append(source, large);
  ASSERT_TRUE(writer_->Flush().ok());
  EXPECT_EQ(Read(source, OutputExtent{offset, large.size()}), large);
}

TEST_F(OutputTest, GivesWhatIsThereWhenTheTailIsTorn) {
  std::string bytes = *ReadFile(path_);
  for (size_t size = kFileHeaderBytes; size < bytes.size(); ++size) {
    ASSERT_TRUE(ReplaceFile(path_, bytes.substr(0, size)).ok());
    std::string read = Read(kOut7, OutputExtent{first_, 8});
    EXPECT_TRUE(read == "" || read == "one " || read == "one two\n") << read;
  }
}

TEST_F(OutputTest, NeverDeliversADamagedChunk) {
  const std::string bytes = *ReadFile(path_);
  for (size_t byte = kFileHeaderBytes; byte < bytes.size(); ++byte) {
    std::string damaged = bytes;
    damaged[byte] = static_cast<char>(damaged[byte] ^ 4);
    ASSERT_TRUE(ReplaceFile(path_, damaged).ok());
    std::string read = Read(kOut7, std::nullopt);
    EXPECT_TRUE(read == "" || read == "one " || read == "one two\n") << read;
  }
}

TEST_F(OutputTest, SurvivesAnOffsetThatPointsAnywhere) {
  for (uint64_t offset : {uint64_t{0}, first_ + 1, uint64_t{1} << 40}) {
    std::string read = Read(kOut7, OutputExtent{offset, 8});
    EXPECT_TRUE(read == "" || read == "one two\n") << read;
  }
}

TEST_F(OutputTest, WriterWritesTheGoldenFile) {
  std::string path = dir_.path() + "/golden";
  auto writer = *OutputWriter::Create(path);
  writer->Append(kOut7, "hi\n");
  ASSERT_TRUE(writer->Flush().ok());
  EXPECT_EQ(*ReadFile(path), *ReadFile(CRAM_GOLDEN "/output-1.0"));
}

TEST_F(OutputTest, RefusesAJournal) {
  ASSERT_TRUE(ReplaceFile(path_, EncodeFileHeader(kJournalFile)).ok());
  EXPECT_NE(Read(kOut7, std::nullopt).find("not a cramoutp file"),
            std::string::npos);
}

}  // namespace
}  // namespace cram
