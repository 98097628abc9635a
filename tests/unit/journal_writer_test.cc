#include "pack/journal/journal_writer.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pack/base/io.h"
#include "pack/journal/reader.h"
#include "tests/unit/temporary_directory.h"

namespace cram {
namespace {

JournalRecord StartedRecord(uint64_t index) {
  JournalRecord record;
  record.mutable_started()->set_index(index);
  return record;
}

uint64_t CountRecords(const std::string& path) {
  uint64_t count = 0;
  absl::StatusOr<JournalEnd> end =
      ReadJournal(path, [&count](const JournalRecord& record) {
        EXPECT_EQ(record.started().index(), count);
        ++count;
      });
  EXPECT_TRUE(end.ok()) << end.status();
  return count;
}

TEST(JournalWriter, WritesAtFlushAndNotBefore) {
  TemporaryDirectory dir;
  std::string path = dir.path() + "/journal.0";
  auto writer = JournalWriter::Create(path);
  ASSERT_TRUE(writer.ok());
  (*writer)->Append(StartedRecord(0));
  EXPECT_GT((*writer)->buffered(), 0u);
  EXPECT_EQ(CountRecords(path), 0u);
  ASSERT_TRUE((*writer)->Flush().ok());
  EXPECT_EQ((*writer)->buffered(), 0u);
  EXPECT_EQ(CountRecords(path), 1u);
  (*writer)->Append(StartedRecord(1));
  ASSERT_TRUE((*writer)->Sync().ok());
  EXPECT_EQ(CountRecords(path), 2u);
}

TEST(JournalWriter, NeverWritesIntoAJournalThatExists) {
  TemporaryDirectory dir;
  std::string path = dir.path() + "/journal.0";
  ASSERT_TRUE(JournalWriter::Create(path).ok());
  auto second = JournalWriter::Create(path);
  EXPECT_TRUE(absl::IsAlreadyExists(second.status())) << second.status();
}

TEST(JournalWriter, WhatWasFlushedSurvivesAKill) {
  TemporaryDirectory dir;
  std::string path = dir.path() + "/journal.0";
  pid_t pid = fork();
  if (pid == 0) {
    auto writer = JournalWriter::Create(path);
    for (uint64_t i = 0; i < 100; ++i) (*writer)->Append(StartedRecord(i));
    if (!(*writer)->Flush().ok()) _exit(1);
    for (uint64_t i = 100; i < 200; ++i) (*writer)->Append(StartedRecord(i));
    raise(SIGKILL);
  }
  int status;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(CountRecords(path), 100u);
}

// Sets the largest size that this process may give a file.
void LimitFileSize(rlim_t bytes) {
  rlimit limit;
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = bytes;
  setrlimit(RLIMIT_FSIZE, &limit);
}

// A file size limit stands for a full disk: write(2) is cut short, then fails.
TEST(JournalWriter, GoesOnAtTheVeryByteAfterAFullDisk) {
  TemporaryDirectory dir;
  std::string path = dir.path() + "/journal.0";
  pid_t pid = fork();
  if (pid == 0) {
    signal(SIGXFSZ, SIG_IGN);
    auto writer = JournalWriter::Create(path);
    LimitFileSize(155);  // not at the end of a record
    for (uint64_t i = 0; i < 100; ++i) (*writer)->Append(StartedRecord(i));
    if ((*writer)->Flush().ok() || (*writer)->buffered() == 0) _exit(1);
    LimitFileSize(RLIM_INFINITY);
    _exit((*writer)->Flush().ok() ? 0 : 2);
  }
  int status;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  ASSERT_TRUE(WIFEXITED(status));
  ASSERT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(CountRecords(path), 100u);
}

TEST(JournalWriter, GoesOnWhereADeadOneStopped) {
  TemporaryDirectory dir;
  std::string path = dir.path() + "/journal.0";
  {
    auto writer = JournalWriter::Create(path);
    for (uint64_t i = 0; i < 10; ++i) (*writer)->Append(StartedRecord(i));
    ASSERT_TRUE((*writer)->Flush().ok());
  }
  absl::StatusOr<std::string> whole = ReadFile(path);
  ASSERT_TRUE(whole.ok());
  // The last record is not whole.
  ASSERT_EQ(truncate(path.c_str(), static_cast<off_t>(whole->size() - 3)), 0);
  {
    auto writer = JournalWriter::Continue(path);
    ASSERT_TRUE(writer.ok()) << writer.status();
    (*writer)->Append(StartedRecord(9));
    ASSERT_TRUE((*writer)->Flush().ok());
  }
  EXPECT_EQ(CountRecords(path), 10u);
  EXPECT_FALSE(JournalWriter::Continue(dir.path() + "/none").ok());
}

TEST(JournalWriter, DoesNotGoOnBehindDamage) {
  TemporaryDirectory dir;
  std::string path = dir.path() + "/journal.0";
  auto writer = JournalWriter::Create(path);
  for (uint64_t i = 0; i < 10; ++i) (*writer)->Append(StartedRecord(i));
  ASSERT_TRUE((*writer)->Flush().ok());
  absl::StatusOr<std::string> bytes = ReadFile(path);
  ASSERT_TRUE(bytes.ok());
  (*bytes)[bytes->size() / 2] ^= 1;
  ASSERT_TRUE(ReplaceFile(path, *bytes).ok());
  EXPECT_FALSE(JournalWriter::Continue(path).ok());
  EXPECT_EQ(ReadFile(path)->size(), bytes->size());
}

}  // namespace
}  // namespace cram
