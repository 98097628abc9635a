// What sub-jobs have beyond their template and its parameters: properties of
// their own, scripts, and variables of the run.
#include <gmock/gmock.h>

#include "pack/manifest/content_hash.h"
#include "pack/manifest/preflight.h"
#include "pack/manifest/script.h"
#include "tests/unit/manifest_fixture.h"

namespace cram {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class OwnRows : public ManifestTest {
 protected:
  // Two sub-jobs of a template, the first with `own`.
  void Write(const SubJobTemplate& source, const SubJobTemplate& own) {
    std::unique_ptr<ManifestWriter> writer = Writer();
    ASSERT_TRUE(writer->AddTemplate(source).ok());
    ASSERT_TRUE(writer->StartRows(0, {}, false).ok());
    ASSERT_TRUE(writer->AddRow({}, {}, own.SerializeAsString()).ok());
    ASSERT_TRUE(writer->AddRow({}).ok());
    ASSERT_TRUE(writer->Finish().ok());
    ASSERT_EQ(Error(), "");
  }

  static void SetVariable(const char* name, const char* value,
                          SubJobTemplate* source) {
    source->add_env()->set_name(name);
    source->mutable_env(source->env_size() - 1)->set_value(value);
  }
};

TEST_F(OwnRows, ComeOverTheirTemplate) {
  SubJobTemplate source = Command({"run"});
  source.set_cwd("/all");
  source.set_cpus(2);
  SetVariable("A", "all", &source);
  SubJobTemplate own;
  own.set_cwd("/{own}");
  own.set_name("mine");
  own.set_memory_bytes(5);
  own.set_time_limit_ms(7);
  own.set_ranks(3);
  SetVariable("A", "mine", &own);
  own.add_env()->set_name("B");
  own.mutable_env(1)->set_unset(true);
  Write(source, own);

  SubJob first = *Open()->Get(0);
  EXPECT_EQ(first.cwd, "/{own}");
  EXPECT_EQ(first.name, "mine");
  EXPECT_EQ(first.cpus, 2U);
  EXPECT_EQ(first.ranks, 3U);
  EXPECT_EQ(first.memory_bytes, 5U);
  EXPECT_EQ(first.time_limit, absl::Milliseconds(7));
  ASSERT_EQ(first.env.size(), 3U);
  EXPECT_EQ(*first.env[1].value, "mine");
  EXPECT_FALSE(first.env[2].value);
  SubJob second = *Open()->Get(1);
  EXPECT_EQ(second.cwd, "/all");
  EXPECT_EQ(second.name, "");
  EXPECT_EQ(second.env.size(), 1U);
}

TEST_F(OwnRows, RowsWithoutAnyAreOrdinaryRows) {
  Write(Command({"run"}), SubJobTemplate());
  EXPECT_FALSE(Open()->GetBlock(0)->has_own());
}

TEST_F(OwnRows, AreHeldAgainstTheNodeBeforeTheRun) {
  SubJobTemplate own;
  own.set_ranks(4);
  Write(Command({"run"}), own);
  EXPECT_TRUE(Preflight(path_, {}, {}, {}).ok());
  EXPECT_THAT(Preflight(path_, {}, {}, {2, 0, 2}).status().message(),
              HasSubstr("sub-job 0: sub-jobs of 4 ranks and 4 CPUs"));
  own.Clear();
  own.set_memory_bytes(uint64_t{8} << 30);
  Write(Command({"run"}), own);
  EXPECT_TRUE(Preflight(path_, {}, {}, {}).ok());
  EXPECT_THAT(
      Preflight(path_, {}, {}, {4, uint64_t{4} << 30}).status().message(),
      HasSubstr("sub-job 0: a cap of 8G is above the node's 4G"));
}

TEST_F(OwnRows, TheSameSubJobHasTheSameHash) {
  SubJobTemplate source = Command({"run"});
  SubJobTemplate own;
  own.set_cwd("/d");
  Write(source, own);
  uint64_t hash = ContentHash(*Open()->Get(0));
  source.set_cwd("/d");
  Write(source, SubJobTemplate());
  EXPECT_EQ(ContentHash(*Open()->Get(0)), hash);
}

using Variables = OwnRows;

TEST_F(Variables, StayUntilTheRunIsKnown) {
  SubJobTemplate source = Command({"run", "{$HOME}-{{$HOME}}"});
  source.set_stdout("{$JOB:05d}.{$NONE}.out");
  Write(source, SubJobTemplate());
  std::unique_ptr<ManifestReader> reader = Open();
  EXPECT_THAT(reader->Get(0)->argv, ElementsAre("run", "{$HOME}-{$HOME}"));
  EXPECT_EQ(reader->Get(0)->stdout_path, "{$JOB:05d}.{$NONE}.out");
  reader->SetVariables({{"HOME", "/h"}, {"JOB", "42"}});
  EXPECT_THAT(reader->Get(0)->argv, ElementsAre("run", "/h-{$HOME}"));
  EXPECT_EQ(reader->Get(0)->stdout_path, "00042..out");
  reader->SetVariables({{"JOB", "run-1"}});
  EXPECT_EQ(reader->Get(0)->stdout_path, "run-1..out");
}

TEST_F(Variables, NeedAName) {
  std::unique_ptr<ManifestWriter> writer = Writer();
  EXPECT_THAT(writer->AddTemplate(Command({"{$}"})).status().message(),
              HasSubstr("{$} is no environment variable"));
  EXPECT_FALSE(writer->AddTemplate(Command({"{$A-B}"})).ok());
}

using Scripts = OwnRows;

TEST_F(Scripts, RunByTheInterpreterOfTheirFirstLine) {
  SubJobTemplate source = Command({"job.sh", "a b"});
  source.set_script("#! /bin/bash -e  \necho '{x}' \"$1\"\n");
  Write(source, SubJobTemplate());
  SubJob subjob = *Open()->Get(0);
  EXPECT_THAT(subjob.script, ElementsAre("job.sh", "a b"));
  ASSERT_EQ(subjob.argv.size(), 6U);
  EXPECT_EQ(subjob.argv[0], "/bin/sh");
  EXPECT_THAT(subjob.argv[2], HasSubstr("exec /bin/bash -e \"$s\""));
  EXPECT_EQ(subjob.argv[4], source.script());
  EXPECT_EQ(subjob.argv[5], "a b");
}

TEST_F(Scripts, AreKnownByTheirTextAndArgumentsNotTheirName) {
  auto hash = [this](const char* name, const char* argument, const char* text) {
    SubJobTemplate source = Command({name, argument});
    source.set_script(text);
    Write(source, SubJobTemplate());
    return ContentHash(*Open()->Get(0));
  };
  uint64_t one = hash("a", "x", "#!/bin/sh\n");
  EXPECT_EQ(hash("b", "x", "#!/bin/sh\n"), one);
  EXPECT_NE(hash("a", "y", "#!/bin/sh\n"), one);
  EXPECT_NE(hash("a", "x", "#!/bin/sh\ntrue\n"), one);
}

TEST_F(Scripts, OfAnyLengthBecomeArgumentsThatTheKernelTakes) {
  std::string text = "#!/bin/sh\n" + std::string(300000, '#');
  std::vector<std::string> argv = ScriptCommand(text, {{"job.sh"}});
  std::string joined;
  for (size_t i = 4; i < argv.size(); ++i) {
    EXPECT_LT(argv[i].size(), 128U << 10);
    joined += argv[i];
  }
  EXPECT_EQ(joined, text);
}

TEST_F(Scripts, WhatSbatchWouldRefuseIsRefused) {
  EXPECT_THAT(CheckScript("echo\n").message(), HasSubstr("#!/bin/bash"));
  EXPECT_FALSE(CheckScript("#!\n").ok());
  EXPECT_FALSE(CheckScript("#!").ok());
  EXPECT_FALSE(CheckScript("").ok());
  EXPECT_THAT(CheckScript("#!/bin/sh\r\necho\r\n").message(),
              HasSubstr("DOS line ends"));
  EXPECT_FALSE(CheckScript(absl::string_view("#!/bin/sh\n\0", 11)).ok());
  EXPECT_FALSE(CheckScript("#!/bin/sh\n" + std::string(2 << 20, '#')).ok());
  EXPECT_TRUE(CheckScript("#!/bin/sh").ok());
}

}  // namespace
}  // namespace cram
