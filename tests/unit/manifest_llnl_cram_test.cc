#include <gmock/gmock.h>

#include "pack/manifest/llnl_cram_file.h"
#include "tests/unit/manifest_fixture.h"

namespace cram {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::string Number(uint32_t number) {
  return {static_cast<char>(number >> 24), static_cast<char>(number >> 16),
          static_cast<char>(number >> 8), static_cast<char>(number)};
}

std::string Text(const std::string& text) {
  return Number(static_cast<uint32_t>(text.size())) + text;
}

class LlnlCram : public ManifestTest {
 protected:
  // A job of two processes with two variables, and one of one that changes one
  // and lacks the other.
  static std::string First() {
    return Number(2) + Text("/a") + Number(2) + Text("run") + Text("1") +
           Number(0) + Number(2) + Text("A") + Text("1") + Text("B") + Text("");
  }
  static std::string Second() {
    return Number(1) + Text("/b") + Number(1) + Text("<exe>") + Number(1) +
           Text("B") + Number(1) + Text("A") + Text("2");
  }
  static std::string File(const std::vector<std::string>& records,
                          uint32_t processes = 3, uint32_t largest = 1000) {
    std::string file = Number(0x6372616d) + Number(2) +
                       Number(static_cast<uint32_t>(records.size())) +
                       Number(processes) + Number(largest);
    for (const std::string& record : records) file += Text(record);
    return file;
  }

  // The error of reading all of it; empty when all is well.
  std::string Read(absl::string_view bytes) {
    SetContent(bytes);
    jobs_.clear();
    absl::StatusOr<LlnlCramReader> reader = LlnlCramReader::Open(path_);
    if (!reader.ok()) return std::string(reader.status().message());
    for (;;) {
      LlnlCramJob job;
      absl::StatusOr<bool> more = reader->Next(&job);
      if (!more.ok()) return std::string(more.status().message());
      if (!*more) return "";
      jobs_.push_back(std::move(job));
    }
  }

  std::vector<LlnlCramJob> jobs_;
};

TEST_F(LlnlCram, JobsAreReadAsTheyWereWritten) {
  EXPECT_EQ(Read(File({First(), Second()})), "");
  ASSERT_EQ(jobs_.size(), 2U);
  EXPECT_EQ(jobs_[0].processes, 2U);
  EXPECT_EQ(jobs_[0].directory, "/a");
  EXPECT_THAT(jobs_[0].arguments, ElementsAre("run", "1"));
  EXPECT_THAT(jobs_[0].changed, ElementsAre(Pair("A", "1"), Pair("B", "")));
  EXPECT_THAT(jobs_[1].arguments, ElementsAre(kLlnlCramNoProgram));
  EXPECT_THAT(jobs_[1].removed, ElementsAre("B"));
  EXPECT_THAT(jobs_[1].changed, ElementsAre(Pair("A", "2")));
}

TEST_F(LlnlCram, AFileCutAnywhereIsRefusedWithThePlace) {
  std::string file = File({First(), Second()});
  for (size_t size = 0; size < file.size(); ++size) {
    std::string error = Read(absl::string_view(file).substr(0, size));
    EXPECT_THAT(error, HasSubstr(absl::StrCat("byte ", size, ": truncated: ")));
  }
}

TEST_F(LlnlCram, AnyByteThatChangesNeverCrashes) {
  std::string file = File({First(), Second()});
  for (size_t at = 0; at < file.size(); ++at) {
    for (char change : {'\x01', '\x7f', '\xff'}) {
      std::string damaged = file;
      damaged[at] = static_cast<char>(damaged[at] ^ change);
      Read(damaged);
      EXPECT_LE(jobs_.size(), 2U);
    }
  }
}

TEST_F(LlnlCram, LengthsThatCannotBeAreRefused) {
  EXPECT_THAT(Read(File({First()}, 2, 10)),
              HasSubstr("byte 20: a record of 53 bytes; at most 10 can be"));
  std::string endless = File({}, 3, UINT32_MAX);
  endless[11] = 1;  // jobs
  EXPECT_THAT(Read(endless + Number(UINT32_MAX)),
              HasSubstr("byte 20: a record of 4294967295 bytes"));
  // A count of arguments that no record has room for.
  EXPECT_THAT(Read(File({Number(1) + Text("") + Number(UINT32_MAX)})),
              HasSubstr("byte 36: damaged: a length that does not fit"));
  EXPECT_THAT(Read(File({Number(1) + Number(UINT32_MAX)})),
              HasSubstr("byte 32: damaged: a length that does not fit"));
}

TEST_F(LlnlCram, WhatTheHeaderSaysMustBeTrue) {
  EXPECT_THAT(Read(File({First(), Second()}, 4)),
              HasSubstr("4 processes, says the header; the jobs have 3"));
  EXPECT_THAT(Read(File({First(), Second()}) + "x"),
              HasSubstr("more bytes behind the last of 2 jobs"));
  EXPECT_THAT(Read(File({})), HasSubstr("has no jobs"));
}

TEST_F(LlnlCram, ForeignFilesAreRefused) {
  EXPECT_THAT(Read("#!/bin/sh\n"), HasSubstr("not a file of LLNL's Cram"));
  EXPECT_THAT(Read(Number(0x6372616d) + Number(3) + std::string(12, '\1')),
              HasSubstr("version 3 of LLNL's Cram; only 2 is known"));
}

TEST_F(LlnlCram, TextsWithANulAndJobsOfNobodyAreRefused) {
  std::string nul = Number(1) + Text(std::string("/\0", 2)) + Number(0) +
                    Number(0) + Number(0);
  EXPECT_THAT(Read(File({nul}, 1)), HasSubstr("a text with a NUL"));
  std::string nobody =
      Number(0) + Text("/") + Number(0) + Number(0) + Number(0);
  EXPECT_THAT(Read(File({nobody}, 0)), HasSubstr("a job of no processes"));
}

}  // namespace
}  // namespace cram
