#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pack/manifest/axis.h"
#include "pack/manifest/content_hash.h"
#include "pack/resume/remainder.h"
#include "tests/unit/temporary_directory.h"

namespace cram {
namespace {

using ::testing::HasSubstr;

class Remainder : public ::testing::Test {
 protected:
  Remainder() : writer_(*ManifestWriter::Create(path("m.pb"))) {}

  std::string path(const std::string& name) const {
    return directory_.path() + "/" + name;
  }

  void AddSweep(const SubJobTemplate& source) {
    Sweep sweep;
    Axis* axis = sweep.add_axes();
    axis->set_name("i");
    axis->mutable_range()->set_first(10);
    axis->mutable_range()->set_step(1);
    axis->mutable_range()->set_count(6);
    absl::Status status =
        writer_->AddSweep(*writer_->AddTemplate(source), sweep);
    ASSERT_TRUE(status.ok()) << status;
  }

  void Finish() {
    ASSERT_TRUE(writer_->Finish().ok());
    from_ = *ManifestReader::Open(path("m.pb"));
  }

  absl::Status Copy(const IndexSet& indexes,
                    const std::vector<std::string>& command = {}) {
    auto to = *ManifestWriter::Create(path("rest.pb"));
    absl::Status status = CopySubJobs(from_.get(), command, indexes, to.get());
    if (!status.ok()) return status;
    EXPECT_TRUE(to->Finish().ok());
    to_ = *ManifestReader::Open(path("rest.pb"));
    return absl::OkStatus();
  }

  // Sub-job `to` of the copy is what `from` was.
  void ExpectSame(uint64_t from, uint64_t to) {
    SubJob was = *from_->Get(from), is = *to_->Get(to);
    EXPECT_EQ(ContentText(was), ContentText(is));
    EXPECT_EQ(was.stdout_path, is.stdout_path);
    EXPECT_EQ(was.name, is.name);
  }

  TemporaryDirectory directory_;
  std::unique_ptr<ManifestWriter> writer_;
  std::unique_ptr<ManifestReader> from_, to_;
};

SubJobTemplate Echo(const std::vector<std::string>& words) {
  SubJobTemplate source;
  source.add_argv("echo");
  for (const std::string& word : words) source.add_argv(word);
  source.set_cpus(2);
  source.set_memory_bytes(1 << 28);
  source.set_time_limit_ms(5000);
  return source;
}

TEST_F(Remainder, OfASweepHasTheSameSubJobs) {
  AddSweep(Echo({"{i:04d}", "{{index}}", "{$HOME}"}));
  Finish();
  ASSERT_TRUE(Copy(*IndexSet::Parse("1,3-4")).ok());
  ASSERT_EQ(to_->size(), 3);
  ExpectSame(1, 0);
  ExpectSame(3, 1);
  ExpectSame(4, 2);
}

TEST_F(Remainder, KeepsTheIndexWhereItIsShown) {
  SubJobTemplate source = Echo({"{i}", "{index:05d}"});
  source.set_stdout("{index}.{$USER}");
  AddSweep(source);
  Finish();
  ASSERT_TRUE(Copy(*IndexSet::Parse("2,5")).ok());
  ExpectSame(2, 0);
  ExpectSame(5, 1);
  EXPECT_EQ(to_->Get(1)->argv[2], "00005");
}

TEST_F(Remainder, KeepsTheIndexInNamesOfOutputs) {
  SubJobTemplate source = Echo({"{i}"});
  source.set_stdout("{index}.out");
  source.set_name("run-{index}");
  AddSweep(source);
  Finish();
  ASSERT_TRUE(Copy(*IndexSet::Parse("2,5")).ok());
  ExpectSame(2, 0);
  ExpectSame(5, 1);
  EXPECT_EQ(to_->Get(1)->stdout_path, "5.out");
}

TEST_F(Remainder, RefusesANameThatNobodyCouldWrite) {
  SubJobTemplate source = Echo({"{i}"});
  source.set_stdout("{index}.{$USER}");
  AddSweep(source);
  Finish();
  EXPECT_THAT(std::string(Copy(*IndexSet::Parse("2")).message()),
              HasSubstr("{index}.{$USER}"));
}

TEST_F(Remainder, OfRowsHasTheirCommandsAndWhatIsTheirOwn) {
  SubJobTemplate bare;
  ASSERT_TRUE(
      writer_->StartRows(*writer_->AddTemplate(bare), {"x"}, true).ok());
  SubJobTemplate own;
  own.set_cwd("/{x}");
  own.set_cpus(3);
  for (std::string value : {"a", "b", "c"}) {
    ASSERT_TRUE(writer_
                    ->AddRow({absl::string_view(value)}, {"run", value, "{}"},
                             own.SerializeAsString())
                    .ok());
  }
  AddSweep(Echo({"{i}"}));
  Finish();
  ASSERT_TRUE(Copy(*IndexSet::Parse("1-2,3,8")).ok());
  ASSERT_EQ(to_->size(), 4);
  for (auto [was, is] : {std::pair{1, 0}, {2, 1}, {3, 2}, {8, 3}}) {
    ExpectSame(was, is);
  }
}

TEST_F(Remainder, HasTheCommandThatSubJobsLacked) {
  AddSweep(SubJobTemplate());
  Finish();
  std::vector<std::string> command = {"run", "{i}", "{index}"};
  ASSERT_TRUE(from_->SetDefaultCommand(command).ok());
  ASSERT_TRUE(Copy(*IndexSet::Parse("4"), command).ok());
  ExpectSame(4, 0);
}

TEST_F(Remainder, KeepsScriptsAndShells) {
  SubJobTemplate script = Echo({"{i}"});
  script.set_argv(0, "s.sh");
  script.set_script("#!/bin/sh\necho $1\n");
  AddSweep(script);
  SubJobTemplate shell;
  shell.set_shell(true);
  shell.add_argv("echo {i} {index}");
  AddSweep(shell);
  Finish();
  ASSERT_TRUE(Copy(*IndexSet::Parse("2,9")).ok());
  ExpectSame(2, 0);
  ExpectSame(9, 1);
}

}  // namespace
}  // namespace cram
