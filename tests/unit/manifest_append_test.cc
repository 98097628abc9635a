// What ManifestWriter::AddTo makes of a manifest that is there.
#include <gmock/gmock.h>
#include <stdio.h>
#include <sys/stat.h>

#include <filesystem>

#include "pack/base/io.h"
#include "pack/manifest/checksum.h"
#include "pack/manifest/index.h"
#include "pack/manifest/wire.h"
#include "tests/unit/manifest_fixture.h"

namespace cram {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ManifestAppend : public ManifestTest {
 protected:
  // Empty when it went well.
  std::string Add(const SubJobTemplate& source, int subjobs) {
    absl::StatusOr<std::unique_ptr<ManifestWriter>> writer =
        ManifestWriter::AddTo(path_);
    if (!writer.ok()) return std::string(writer.status().message());
    Sweep sweep;
    AddRange(&sweep, "n", 1, 1, static_cast<uint64_t>(subjobs));
    absl::StatusOr<uint32_t> id = (*writer)->AddTemplate(source);
    EXPECT_TRUE(id.ok()) << id.status();
    EXPECT_TRUE((*writer)->AddSweep(*id, sweep).ok());
    return std::string((*writer)->Finish().status().message());
  }

  std::vector<std::string> Command(uint64_t index) {
    return Open()->Get(index)->argv;
  }
  using ManifestTest::Command;
};

TEST_F(ManifestAppend, OldSubJobsStayAndNewOnesFollow) {
  WriteOneOfEach();
  std::vector<SubJob> before;
  for (uint64_t i = 0; i < 13; ++i) before.push_back(*Open()->Get(i));
  EXPECT_EQ(Add(Command({"new", "{n}"}), 3), "");
  EXPECT_EQ(Error(), "");
  std::unique_ptr<ManifestReader> reader = Open();
  EXPECT_EQ(reader->size(), 16U);
  EXPECT_EQ(reader->templates(), 4U);
  for (uint64_t i = 0; i < 13; ++i) {
    EXPECT_EQ(reader->Get(i)->argv, before[i].argv);
    EXPECT_EQ(reader->Get(i)->params, before[i].params);
  }
  EXPECT_THAT(Command(15), ElementsAre("new", "3"));
}

// Empty when it went well.
std::string AddAll(const std::string& to, const std::string& from) {
  absl::StatusOr<std::unique_ptr<ManifestWriter>> writer =
      ManifestWriter::AddTo(to);
  if (!writer.ok()) return std::string(writer.status().message());
  absl::Status status = (*writer)->AddManifest(from);
  if (status.ok()) status = (*writer)->Finish().status();
  return std::string(status.message());
}

TEST_F(ManifestAppend, AllOfAnotherManifestFollowsAsItIs) {
  WriteOneOfEach();
  std::string other = path_ + ".other";
  std::filesystem::copy_file(path_, other);
  EXPECT_EQ(Add(Command({"new", "{n}", "{index}"}), 3), "");
  EXPECT_EQ(AddAll(path_, other), "");
  EXPECT_EQ(Error(), "");
  std::unique_ptr<ManifestReader> reader = Open();
  EXPECT_TRUE(reader->Verify().ok());
  EXPECT_EQ(reader->size(), 29U);
  // They are the same, whatever is between.
  EXPECT_EQ(reader->templates(), 4U);
  for (uint64_t i = 0; i < 13; ++i) {
    EXPECT_EQ(reader->Get(16 + i)->params, reader->Get(i)->params);
    EXPECT_EQ(reader->Get(16 + i)->env.size(), reader->Get(i)->env.size());
    EXPECT_EQ(reader->Get(16 + i)->index, 16 + i);
  }
  // A placeholder {index} is the new one.
  std::filesystem::remove(other);
  std::filesystem::rename(path_, other);
  WriteOneOfEach();
  EXPECT_EQ(AddAll(path_, other), "");
  EXPECT_THAT(Open()->Get(13 + 13)->argv, ElementsAre("new", "1", "26"));
}

TEST_F(ManifestAppend, AnotherThatIsDamagedIsRefused) {
  WriteOneOfEach();
  std::string before = Content();
  std::string other = path_ + ".other";
  std::string damaged = before;
  damaged[damaged.size() / 2] ^= 1;
  ASSERT_TRUE(ReplaceFile(other, damaged).ok());
  EXPECT_THAT(AddAll(path_, other), HasSubstr(other));
  EXPECT_THAT(AddAll(path_, "/nowhere"), HasSubstr("/nowhere"));
  EXPECT_EQ(Content(), before);
}

TEST_F(ManifestAppend, TheSameTemplateIsNotStoredTwice) {
  WriteOneOfEach();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Add(Command({"new", "{n}"}), 2), "");
  EXPECT_EQ(Open()->size(), 23U);
  EXPECT_EQ(Open()->templates(), 4U);
}

TEST_F(ManifestAppend, AWriterThatNeverFinishesChangesNothing) {
  WriteOneOfEach();
  std::string before = Content();
  {
    auto writer = ManifestWriter::AddTo(path_);
    ASSERT_TRUE(writer.ok()) << writer.status();
    ASSERT_TRUE((*writer)->AddTemplate(Command({"x"})).ok());
  }
  EXPECT_EQ(Content(), before);
  EXPECT_EQ(std::system(("test $(ls " + directory_ + " | wc -l) = 1").c_str()),
            0);
}

TEST_F(ManifestAppend, ASecondWriterIsRefused) {
  WriteOneOfEach();
  auto first = ManifestWriter::AddTo(path_);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_THAT(Add(Command({"x"}), 1),
              HasSubstr("somebody else is adding to it"));
}

TEST_F(ManifestAppend, AFileThatWasReplacedMeanwhileStays) {
  WriteOneOfEach();
  auto writer = ManifestWriter::AddTo(path_);
  ASSERT_TRUE(writer.ok()) << writer.status();
  ASSERT_TRUE((*writer)->AddTemplate(Command({"x"})).ok());
  ASSERT_TRUE((*writer)
                  ->AddSweep(0,
                             [] {
                               Sweep sweep;
                               AddRange(&sweep, "seed", 0, 1, 3);
                               AddList(&sweep, "mode", {"a"});
                               return sweep;
                             }())
                  .ok());
  std::string another = path_ + ".another";
  std::filesystem::copy_file(path_, another);
  ASSERT_EQ(rename(another.c_str(), path_.c_str()), 0);
  std::string replaced = Content();
  EXPECT_THAT((*writer)->Finish().status().message(),
              HasSubstr("was replaced while this was added to it"));
  EXPECT_EQ(Content(), replaced);
}

TEST_F(ManifestAppend, KeepsTheFilesMode) {
  WriteOneOfEach();
  ASSERT_EQ(chmod(path_.c_str(), 0640), 0);
  EXPECT_EQ(Add(Command({"x"}), 1), "");
  struct stat there;
  ASSERT_EQ(stat(path_.c_str(), &there), 0);
  EXPECT_EQ(there.st_mode & 07777, 0640U);
}

TEST_F(ManifestAppend, DamagedAndMissingFilesAreRefusedAndStay) {
  EXPECT_THAT(Add(Command({"x"}), 1), HasSubstr("there is no manifest to add"));
  WriteOneOfEach();
  std::string whole = Content();
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    SetContent(damaged);
    EXPECT_NE(Add(Command({"x"}), 1), "") << at;
    EXPECT_EQ(Content(), damaged);
  }
}

TEST_F(ManifestAppend, WhatAnotherVersionWroteMovesWithItsHeader) {
  WriteOneOfEach();
  std::string file = Content();
  ManifestIndex index = *ManifestIndex::Parse(file);
  Manifest whole;
  ASSERT_TRUE(whole.ParseFromString(file));
  // The same with another writer's name in the header.
  std::string old_header, header;
  AppendBytesField(1, whole.header().SerializeAsString(), &old_header);
  whole.mutable_header()->set_writer("cram 0.0.0-with-a-longer-name");
  whole.mutable_header()->set_minor(0);
  AppendBytesField(1, whole.header().SerializeAsString(), &header);
  uint64_t moved = header.size() - old_header.size();
  for (auto& place : *whole.mutable_index()->mutable_templates()) {
    place.set_offset(place.offset() + moved);
  }
  for (auto& block : *whole.mutable_index()->mutable_blocks()) {
    block.mutable_place()->set_offset(block.place().offset() + moved);
  }
  std::string other =
      header +
      file.substr(old_header.size(), index.content_bytes - old_header.size());
  uint64_t index_offset = other.size();
  whole.mutable_index()->set_crc32(Crc32(other));
  std::string bytes = whole.index().SerializeAsString();
  AppendBytesField(4, bytes, &other);
  AppendFixed32Field(5, Crc32(bytes), &other);
  AppendFixed64Field(6, index_offset, &other);
  SetContent(other);
  ASSERT_EQ(Error(), "");

  EXPECT_EQ(Add(Command({"new", "{n}"}), 1), "");
  EXPECT_EQ(Error(), "");
  EXPECT_EQ(Open()->size(), 14U);
  EXPECT_THAT(Command(13), ElementsAre("new", "1"));
}

}  // namespace
}  // namespace cram
