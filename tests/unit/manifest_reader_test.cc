#include <gmock/gmock.h>

#include "pack/manifest/reader.h"
#include "tests/unit/manifest_fixture.h"

namespace cram {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

using ManifestReaderTest = ManifestTest;

TEST_F(ManifestReaderTest, FillsEveryPlaceholderOfASweep) {
  WriteOneOfEach();
  std::unique_ptr<ManifestReader> reader = Open();
  EXPECT_EQ(reader->size(), 13u);
  absl::StatusOr<SubJob> subjob = reader->Get(5);
  ASSERT_TRUE(subjob.ok()) << subjob.status();
  EXPECT_EQ(subjob->index, 5u);
  EXPECT_THAT(subjob->argv, ElementsAre("run", "--seed=002", "b"));
  EXPECT_EQ(subjob->cwd, "/data/b");
  ASSERT_EQ(subjob->env.size(), 1u);
  EXPECT_EQ(subjob->env[0].name, "SEED");
  EXPECT_EQ(subjob->env[0].value, "2");
  EXPECT_EQ(subjob->cpus, 2u);
  EXPECT_EQ(subjob->ranks, 1u);
  EXPECT_EQ(subjob->memory_bytes, 200u << 20);
  EXPECT_EQ(subjob->time_limit, absl::Seconds(90));
  EXPECT_THAT(subjob->params,
              ElementsAre(Pair("seed", "2"), Pair("mode", "b")));
}

TEST_F(ManifestReaderTest, FillsRows) {
  WriteOneOfEach();
  std::unique_ptr<ManifestReader> reader = Open();
  absl::StatusOr<SubJob> subjob = reader->Get(10);
  ASSERT_TRUE(subjob.ok()) << subjob.status();
  EXPECT_THAT(subjob->argv, ElementsAre("cat", "\xff"));
  EXPECT_THAT(subjob->params,
              ElementsAre(Pair("file", "\xff"), Pair("k", "3")));
  EXPECT_EQ(subjob->time_limit, absl::InfiniteDuration());
}

TEST_F(ManifestReaderTest, TakesCommandsOfRowsAsTheyAre) {
  WriteOneOfEach();
  std::unique_ptr<ManifestReader> reader = Open();
  EXPECT_THAT(reader->Get(11)->argv, ElementsAre("echo", "{not}", ""));
  EXPECT_THAT(reader->Get(12)->argv, ElementsAre("true"));
}

TEST_F(ManifestReaderTest, GoesBackAndForth) {
  WriteOneOfEach();
  std::unique_ptr<ManifestReader> reader = Open();
  for (uint64_t index : {12, 0, 8, 5, 11, 1}) {
    absl::StatusOr<SubJob> subjob = reader->Get(index);
    ASSERT_TRUE(subjob.ok()) << subjob.status();
    EXPECT_EQ(subjob->index, index);
  }
}

TEST_F(ManifestReaderTest, RefusesAnIndexBehindTheLast) {
  WriteOneOfEach();
  EXPECT_EQ(Open()->Get(13).status().message(),
            path_ + ": no sub-job 13; the last is 12");
}

TEST_F(ManifestReaderTest, SaysWhichSubJobHasNoCommand) {
  WriteOneOfEach();
  std::unique_ptr<ManifestReader> reader = Open();
  EXPECT_THAT(std::string(reader->CheckCommands().message()),
              HasSubstr("sub-job 6 names no command"));
  EXPECT_TRUE(reader->Get(6)->argv.empty());
}

TEST_F(ManifestReaderTest, GivesTheDefaultCommandToThoseWithoutOne) {
  WriteOneOfEach();
  std::unique_ptr<ManifestReader> reader = Open();
  ASSERT_TRUE(reader->SetDefaultCommand({"prog", "x={x}"}).ok());
  EXPECT_TRUE(reader->CheckCommands().ok());
  EXPECT_THAT(reader->Get(7)->argv, ElementsAre("prog", "x=8"));
  EXPECT_THAT(reader->Get(0)->argv, ElementsAre("run", "--seed=000", "a"));
  EXPECT_THAT(reader->Get(12)->argv, ElementsAre("true"));
}

TEST_F(ManifestReaderTest, RefusesADefaultCommandWithAnUnknownPlaceholder) {
  WriteOneOfEach();
  EXPECT_THAT(
      std::string(Open()->SetDefaultCommand({"prog", "{seed}"}).message()),
      HasSubstr("command: unknown placeholder {seed}; known: {index}, {x}"));
}

TEST_F(ManifestReaderTest, ChecksATextAgainstAllSubJobs) {
  WriteOneOfEach();
  std::unique_ptr<ManifestReader> reader = Open();
  EXPECT_TRUE(reader->CheckText("out.{index:04d}").ok());
  EXPECT_FALSE(reader->CheckText("out.{seed}").ok());
}

TEST_F(ManifestReaderTest, FingerprintTellsContentsApart) {
  WriteOneOfEach();
  uint32_t first = Open()->fingerprint();
  WriteOneOfEach();
  EXPECT_EQ(Open()->fingerprint(), first);
  std::unique_ptr<ManifestWriter> writer = Writer();
  ASSERT_TRUE(writer->AddTemplate(Command({"true"})).ok());
  ASSERT_TRUE(writer->AddSweep(0, Sweep()).ok());
  ASSERT_TRUE(writer->Finish().ok());
  EXPECT_NE(Open()->fingerprint(), first);
}

TEST_F(ManifestReaderTest, OutlivesAReplacedFile) {
  WriteOneOfEach();
  std::unique_ptr<ManifestReader> reader = Open();
  ASSERT_TRUE(ReplaceFile(path_, "gone").ok());
  EXPECT_TRUE(reader->Verify().ok());
}

TEST_F(ManifestReaderTest, IsAMessageThatAnyProtobufToolReads) {
  WriteOneOfEach();
  Manifest manifest;
  ASSERT_TRUE(manifest.ParseFromString(Content()));
  EXPECT_EQ(manifest.header().magic(), "cram manifest");
  EXPECT_EQ(manifest.templates_size(), 3);
  EXPECT_EQ(manifest.blocks_size(), 4);
  EXPECT_EQ(manifest.index().subjobs(), 13u);
  EXPECT_EQ(manifest.ByteSizeLong(), Content().size());
}

}  // namespace
}  // namespace cram
