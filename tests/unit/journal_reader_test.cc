#include <fcntl.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "pack/base/io.h"
#include "pack/journal/frame_reader.h"
#include "pack/journal/journal_writer.h"
#include "pack/journal/reader.h"
#include "tests/unit/temporary_directory.h"

namespace cram {
namespace {

constexpr uint64_t kRecords = 6;

// A journal as bytes, and where each record begins.
class JournalTest : public testing::Test {
 protected:
  JournalTest() : bytes_(EncodeFileHeader(kJournalFile)) {
    for (uint64_t i = 0; i < kRecords; ++i) {
      begins_.push_back(bytes_.size());
      JournalRecord record;
      record.mutable_ended()->set_index(i);
      record.mutable_ended()->set_end_ns(1795291925000000000);
      record.mutable_ended()->set_failed_step("chdir /x");
      AppendFrame(record.SerializeAsString(), &bytes_);
    }
  }

  absl::StatusOr<JournalEnd> Read(absl::string_view bytes) {
    indexes_.clear();
    absl::Status written = ReplaceFile(path(), bytes);
    if (!written.ok()) return written;
    return ReadJournal(path(), [this](const JournalRecord& record) {
      indexes_.push_back(record.ended().index());
    });
  }

  // Whole records in the first `size` bytes.
  uint64_t WholeRecords(uint64_t size) {
    uint64_t whole = 0;
    while (whole < kRecords && (whole + 1 < kRecords ? begins_[whole + 1]
                                                     : bytes_.size()) <= size) {
      ++whole;
    }
    return whole;
  }

  void ExpectFirst(uint64_t count) {
    ASSERT_EQ(indexes_.size(), count);
    for (uint64_t i = 0; i < count; ++i) ASSERT_EQ(indexes_[i], i);
  }

  std::string path() { return dir_.path() + "/journal.0"; }

  TemporaryDirectory dir_;
  std::string bytes_;
  std::vector<uint64_t> begins_;
  std::vector<uint64_t> indexes_;
};

TEST_F(JournalTest, ReadsEveryRecord) {
  absl::StatusOr<JournalEnd> end = Read(bytes_);
  ASSERT_TRUE(end.ok()) << end.status();
  ExpectFirst(kRecords);
  EXPECT_EQ(end->position, bytes_.size());
  EXPECT_FALSE(end->torn);
}

TEST_F(JournalTest, StopsAtATornTailWhereverItIsTorn) {
  for (size_t size = 0; size < bytes_.size(); ++size) {
    absl::StatusOr<JournalEnd> end =
        Read(absl::string_view(bytes_).substr(0, size));
    ASSERT_TRUE(end.ok()) << size << ": " << end.status();
    uint64_t whole = WholeRecords(size);
    ExpectFirst(whole);
    EXPECT_EQ(end->position, begins_[whole]) << size;
    EXPECT_EQ(end->torn, size != 0 && size != begins_[whole]) << size;
    EXPECT_FALSE(end->damaged) << size;
  }
}

TEST_F(JournalTest, KeepsWhatIsBeforeAFlippedBit) {
  for (size_t byte = kFileHeaderBytes; byte < bytes_.size(); ++byte) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = bytes_;
      damaged[byte] = static_cast<char>(damaged[byte] ^ (1 << bit));
      absl::StatusOr<JournalEnd> end = Read(damaged);
      ASSERT_TRUE(end.ok()) << end.status();
      uint64_t before = WholeRecords(byte);
      ExpectFirst(before);
      EXPECT_TRUE(end->torn) << byte << " " << bit;
      EXPECT_EQ(end->position, begins_[before]);
    }
  }
}

TEST_F(JournalTest, KeepsWhatIsBeforeZeros) {
  absl::StatusOr<JournalEnd> end = Read(bytes_ + std::string(100, '\0'));
  ASSERT_TRUE(end.ok());
  ExpectFirst(kRecords);
  EXPECT_TRUE(end->damaged);
  EXPECT_EQ(end->position, bytes_.size());
}

TEST_F(JournalTest, KeepsWhatIsBeforeAPayloadThatIsNoRecord) {
  std::string bytes = bytes_;
  AppendFrame("\xff\xff\xff", &bytes);
  absl::StatusOr<JournalEnd> end = Read(bytes);
  ASSERT_TRUE(end.ok());
  ExpectFirst(kRecords);
  EXPECT_TRUE(end->damaged);
  EXPECT_EQ(end->position, bytes_.size());
}

TEST_F(JournalTest, RefusesWhatIsNotAJournal) {
  absl::StatusOr<JournalEnd> end = Read("#!/bin/sh\necho not a journal\n");
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.status().message(), path() + ": not a cramjrnl file");
  EXPECT_FALSE(Read("#!").ok());
  EXPECT_FALSE(ReadJournal(dir_.path() + "/none", {}).ok());
}

TEST_F(JournalTest, RefusesANewerMajorVersion) {
  absl::StatusOr<JournalEnd> end = Read(EncodeFileHeader({"cramjrnl", 2, 0}) +
                                        bytes_.substr(kFileHeaderBytes));
  ASSERT_FALSE(end.ok());
  EXPECT_TRUE(absl::StrContains(end.status().message(), "version 2 is newer"));
  EXPECT_TRUE(indexes_.empty());
}

TEST_F(JournalTest, ReadsANewerMinorVersion) {
  ASSERT_TRUE(Read(EncodeFileHeader({"cramjrnl", 1, 9}) +
                   bytes_.substr(kFileHeaderBytes))
                  .ok());
  ExpectFirst(kRecords);
}

TEST_F(JournalTest, FollowsAFileThatGrowsByteByByte) {
  absl::StatusOr<UniqueFd> fd = OpenFile(path(), O_WRONLY | O_CREAT);
  ASSERT_TRUE(fd.ok());
  absl::StatusOr<std::unique_ptr<FrameReader>> reader =
      FrameReader::Open(path(), kJournalFile);
  ASSERT_TRUE(reader.ok());
  uint64_t seen = 0;
  for (size_t i = 0; i < bytes_.size(); ++i) {
    ASSERT_TRUE(WriteFull(fd->get(), bytes_.substr(i, 1), path()).ok());
    while (auto payload = (*reader)->Next()) {
      JournalRecord record;
      ASSERT_TRUE(record.ParseFromArray(payload->data(),
                                        static_cast<int>(payload->size())));
      EXPECT_EQ(record.ended().index(), seen++);
    }
    ASSERT_EQ(seen, WholeRecords(i + 1));
  }
  EXPECT_TRUE((*reader)->status().ok());
  EXPECT_FALSE((*reader)->torn());
}

TEST_F(JournalTest, ReadsFramesLargerThanItsBuffer) {
  std::string bytes = EncodeFileHeader(kJournalFile);
  const std::string large(5 << 20, 'x');
  AppendFrame("small", &bytes);
  AppendFrame(large, &bytes);
  AppendFrame("small", &bytes);
  ASSERT_TRUE(ReplaceFile(path(), bytes).ok());
  absl::StatusOr<std::unique_ptr<FrameReader>> reader =
      FrameReader::Open(path(), kJournalFile);
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ((*reader)->Next(), "small");
  EXPECT_EQ((*reader)->Next(), large);
  EXPECT_EQ((*reader)->Next(), "small");
  EXPECT_FALSE((*reader)->Next().has_value());
  EXPECT_FALSE((*reader)->torn());
}

TEST_F(JournalTest, SaysThatADirectoryCannotBeRead) {
  absl::StatusOr<JournalEnd> end = ReadJournal(dir_.path(), {});
  ASSERT_FALSE(end.ok());
  EXPECT_TRUE(absl::StrContains(end.status().message(), "Is a directory"));
}

}  // namespace
}  // namespace cram
