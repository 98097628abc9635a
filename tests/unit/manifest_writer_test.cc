#include <dirent.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "pack/manifest/writer.h"
#include "tests/unit/manifest_fixture.h"

namespace cram {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ManifestWriterTest : public ManifestTest {
 protected:
  std::set<std::string> Files() {
    std::set<std::string> names;
    DIR* directory = opendir(directory_.c_str());
    while (dirent* entry = readdir(directory)) {
      if (entry->d_name[0] != '.') names.insert(entry->d_name);
    }
    closedir(directory);
    return names;
  }

  static std::string Message(const absl::Status& status) {
    return std::string(status.message());
  }
};

TEST_F(ManifestWriterTest, ManyRowsComeBack) {
  constexpr uint64_t kRows = 50000;
  std::unique_ptr<ManifestWriter> writer = Writer();
  ASSERT_TRUE(writer->AddTemplate(Command({"run", "{a}"})).ok());
  ASSERT_TRUE(writer->StartRows(0, {"a", "b"}, false).ok());
  for (uint64_t i = 0; i < kRows; ++i) {
    ASSERT_TRUE(
        writer->AddRow({absl::StrCat(i), std::string(i % 50, 'x')}).ok());
  }
  ASSERT_TRUE(writer->Finish().ok());
  std::unique_ptr<ManifestReader> reader = Open();
  ASSERT_EQ(reader->size(), kRows);
  EXPECT_GT(reader->blocks(), 3u);
  for (uint64_t i = 0; i < kRows; ++i) {
    absl::StatusOr<SubJob> subjob = reader->Get(i);
    ASSERT_TRUE(subjob.ok()) << subjob.status();
    ASSERT_THAT(subjob->argv, ElementsAre("run", absl::StrCat(i)));
    ASSERT_EQ(subjob->params[1].second.size(), i % 50);
  }
}

TEST_F(ManifestWriterTest, AMillionRunsOfASweepAreAFewHundredBytes) {
  std::unique_ptr<ManifestWriter> writer = Writer();
  ASSERT_TRUE(writer->AddTemplate(Command({"run", "{seed:08d}"})).ok());
  Sweep sweep;
  AddRange(&sweep, "seed", 0, 1, 1000000);
  ASSERT_TRUE(writer->AddSweep(0, sweep).ok());
  EXPECT_LT(*writer->Finish(), 400u);
  EXPECT_THAT(Open()->Get(999999)->argv, ElementsAre("run", "00999999"));
}

TEST_F(ManifestWriterTest, NothingIsUnderTheNameBeforeFinish) {
  std::unique_ptr<ManifestWriter> writer = Writer();
  ASSERT_TRUE(writer->AddTemplate(Command({"true"})).ok());
  ASSERT_TRUE(writer->AddSweep(0, Sweep()).ok());
  EXPECT_EQ(Files().count("m.pb"), 0u);
  ASSERT_TRUE(writer->Finish().ok());
  EXPECT_THAT(Files(), ElementsAre("m.pb"));
}

TEST_F(ManifestWriterTest, AnUnfinishedOneLeavesNothing) {
  Writer().reset();
  EXPECT_THAT(Files(), ElementsAre());
}

TEST_F(ManifestWriterTest, KeepsTheOldFileUnlessItFinishes) {
  SetContent("old");
  Writer().reset();
  EXPECT_EQ(Content(), "old");
  WriteOneOfEach();
  EXPECT_EQ(Open()->size(), 13u);
}

TEST_F(ManifestWriterTest, GivesTheModeOfAnyNewFile) {
  mode_t mask = umask(027);
  WriteOneOfEach();
  umask(mask);
  struct stat stat;
  ASSERT_EQ(::stat(path_.c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 0777, 0640u);
}

TEST_F(ManifestWriterTest, RefusesToReplaceWhatIsNoFile) {
  EXPECT_EQ(Message(ManifestWriter::Create(directory_).status()),
            directory_ + ": is there and not a regular file");
  EXPECT_FALSE(ManifestWriter::Create("/dev/null").ok());
}

TEST_F(ManifestWriterTest, SaysWhyAFileCannotBeMade) {
  EXPECT_EQ(Message(ManifestWriter::Create("/none/m.pb").status()),
            "create /none/m.pb: No such file or directory");
}

TEST_F(ManifestWriterTest, AFullDiskLeavesNothing) {
  int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  std::unique_ptr<ManifestWriter> writer = ManifestWriter::ForDescriptor(full);
  ASSERT_TRUE(writer->AddTemplate(Command({"true"})).ok());
  ASSERT_TRUE(writer->AddSweep(0, Sweep()).ok());
  EXPECT_THAT(Message(writer->Finish().status()),
              HasSubstr("No space left on device"));
  close(full);
}

TEST_F(ManifestWriterTest, RefusesToFinishWithoutSubJobs) {
  std::unique_ptr<ManifestWriter> writer = Writer();
  ASSERT_TRUE(writer->AddTemplate(Command({"true"})).ok());
  EXPECT_EQ(Message(writer->Finish().status()), "no sub-jobs");
  EXPECT_EQ(Files().count("m.pb"), 0u);
}

TEST_F(ManifestWriterTest, RefusesPlaceholdersThatNoParameterFills) {
  std::unique_ptr<ManifestWriter> writer = Writer();
  SubJobTemplate source = Command({"true"});
  source.set_cwd("{dir}");
  ASSERT_TRUE(writer->AddTemplate(source).ok());
  EXPECT_THAT(Message(writer->AddSweep(0, Sweep())),
              HasSubstr("cwd: unknown placeholder {dir}"));
  EXPECT_THAT(Message(writer->StartRows(0, {"a"}, false)),
              HasSubstr("cwd: unknown placeholder {dir}"));
}

TEST_F(ManifestWriterTest, RefusesValuesThatTheirFormatDoesNotTake) {
  std::unique_ptr<ManifestWriter> writer = Writer();
  ASSERT_TRUE(writer->AddTemplate(Command({"run", "{a:03d}"})).ok());
  Sweep sweep;
  AddList(&sweep, "a", {"1", "two"});
  EXPECT_THAT(Message(writer->AddSweep(0, sweep)),
              HasSubstr("'two' is not a whole number"));
  sweep.Clear();
  AddRange(&sweep, "a", 0, 1, 5, 1);
  EXPECT_THAT(Message(writer->AddSweep(0, sweep)),
              HasSubstr("'0.0' is not a whole number"));
  ASSERT_TRUE(writer->StartRows(0, {"a"}, false).ok());
  EXPECT_TRUE(writer->AddRow({"1"}).ok());
  EXPECT_THAT(Message(writer->AddRow({"x"})),
              HasSubstr("'x' is not a whole number"));
}

TEST_F(ManifestWriterTest, RefusesARowThatNoReaderWouldTake) {
  std::unique_ptr<ManifestWriter> writer = Writer();
  ASSERT_TRUE(writer->AddTemplate(Command({"run"})).ok());
  ASSERT_TRUE(writer->StartRows(0, {"a"}, false).ok());
  EXPECT_TRUE(writer->AddRow({std::string(4 << 20, 'x')}).ok());
  EXPECT_THAT(Message(writer->AddRow({std::string(8 << 20, 'x')})),
              HasSubstr("longer than"));
}

TEST_F(ManifestWriterTest, RunsShellLinesByTheShell) {
  std::unique_ptr<ManifestWriter> writer = Writer();
  SubJobTemplate source;
  source.set_shell(true);
  ASSERT_TRUE(writer->AddTemplate(source).ok());
  ASSERT_TRUE(writer->StartRows(0, {}, true).ok());
  ASSERT_TRUE(writer->AddRow({}, {"a | b"}).ok());
  ASSERT_TRUE(writer->Finish().ok());
  EXPECT_THAT(Open()->Get(0)->argv, ElementsAre("/bin/sh", "-c", "a | b"));
}

}  // namespace
}  // namespace cram
