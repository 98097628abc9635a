#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "pack/base/run_directory.h"
#include "tests/unit/temporary_directory.h"

namespace cram {
namespace {

namespace fs = std::filesystem;

// Runs in a home and a current directory of its own.
class RunDirectoryTest : public testing::Test {
 protected:
  RunDirectoryTest() : before_(fs::current_path()) {
    home_ = temporary_.path() + "/home";
    work_ = temporary_.path() + "/work";
    fs::create_directory(home_);
    fs::create_directory(work_);
    setenv("XDG_STATE_HOME", home_.c_str(), 1);
    fs::current_path(work_);
  }
  ~RunDirectoryTest() override {
    fs::current_path(before_);
    unsetenv("XDG_STATE_HOME");
  }

  // A run directory with one journal, written `age` seconds ago.
  std::string MakeRun(const std::string& run_id, int age = 0) {
    RunDirectory run = RunDirectoryFor(work_, run_id);
    fs::create_directory(run.path());
    std::ofstream(run.journal(0)) << "x";
    fs::last_write_time(run.journal(0), fs::file_time_type::clock::now() -
                                            std::chrono::seconds(age));
    return run.path();
  }

  std::string Found(absl::string_view run) {
    absl::StatusOr<RunDirectory> found = FindRun(run);
    return found.ok() ? found->path() : std::string(found.status().message());
  }

  fs::path before_;
  TemporaryDirectory temporary_;
  std::string home_, work_;
};

TEST_F(RunDirectoryTest, NamesEveryFile) {
  RunDirectory run("/x/cram-12.0");
  EXPECT_EQ(run.journal(3), "/x/cram-12.0/journal.3");
  EXPECT_EQ(run.output(3), "/x/cram-12.0/output.3");
  EXPECT_EQ(run.run_id(), "12.0");
  EXPECT_EQ(RunDirectory("/x/cram-12.0/").run_id(), "12.0");
  EXPECT_EQ(RunDirectory("/x/renamed").run_id(), "");
  EXPECT_EQ(RunDirectory("/x/cram-manifests").run_id(), "");
}

TEST_F(RunDirectoryTest, ListsNodesInOrder) {
  RunDirectory run(MakeRun("12.0"));
  for (const char* name :
       {"journal.10", "journal.2", "journal.x", "output.5"}) {
    std::ofstream(run.path() + "/" + name) << "x";
  }
  absl::StatusOr<std::vector<uint32_t>> nodes = run.Nodes();
  ASSERT_TRUE(nodes.ok());
  EXPECT_EQ(*nodes, (std::vector<uint32_t>{0, 2, 10}));
  EXPECT_FALSE(RunDirectory(work_ + "/none").Nodes().ok());
}

TEST_F(RunDirectoryTest, FindsARunByPathFromAnywhere) {
  std::string run = MakeRun("12.0");
  EXPECT_EQ(Found(run), run);
  EXPECT_EQ(Found("cram-12.0"), run);
  EXPECT_EQ(Found("./cram-12.0"), work_ + "/./cram-12.0");
}

TEST_F(RunDirectoryTest, FindsTheNewestStepOfAJob) {
  MakeRun("12.0", 20);
  std::string second = MakeRun("12.1", 10);
  MakeRun("121.0");
  EXPECT_EQ(Found("12"), second);
  EXPECT_EQ(Found("12.0"), RunDirectoryFor(work_, "12.0").path());
}

TEST_F(RunDirectoryTest, FindsTheNewestRunOfADirectory) {
  MakeRun("3.0", 20);
  std::string newest = MakeRun("1.0", 10);
  EXPECT_EQ(Found(work_), newest);
  EXPECT_EQ(Found(""), newest);
}

TEST_F(RunDirectoryTest, FindsARememberedRunFromElsewhere) {
  std::string run = MakeRun("12.0");
  ASSERT_TRUE(RememberRun("12.0", run).ok());
  ASSERT_TRUE(RememberRun("12.0", run).ok());
  fs::current_path("/");
  EXPECT_EQ(Found("12"), run);
  EXPECT_EQ(Found(""), run);
  EXPECT_NE(Found("13").find("no run of job 13"), std::string::npos);
}

TEST_F(RunDirectoryTest, OneThatMayNotBeReadIsNotSaidToBeMissing) {
  if (geteuid() != 0) GTEST_SKIP() << "not root";
  std::string run = MakeRun("12.0");
  fs::permissions(temporary_.path(), fs::perms::none);
  ASSERT_EQ(seteuid(65534), 0);
  std::string found = Found(run);
  ASSERT_EQ(seteuid(0), 0);
  EXPECT_EQ(found, "open " + run + ": Permission denied");
}

TEST_F(RunDirectoryTest, ADirectoryNamedAsAJobDoesNotHideTheJob) {
  std::string run = MakeRun("12.0");
  fs::create_directory(work_ + "/12");
  EXPECT_EQ(Found("12"), run);
}

TEST_F(RunDirectoryTest, SaysWhereItLooked) {
  EXPECT_NE(Found("12").find(home_), std::string::npos);
  EXPECT_NE(Found("/none/cram-1.0").find("/none/cram-1.0: no run directory"),
            std::string::npos);
}

TEST_F(RunDirectoryTest, SweepsLinksToRunsThatAreGone) {
  std::string run = MakeRun("1.0");
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(RememberRun("9." + std::to_string(i), work_ + "/gone").ok());
  }
  ASSERT_TRUE(RememberRun("1.0", run).ok());
  size_t links = 0;
  for ([[maybe_unused]] const auto& entry :
       fs::directory_iterator(home_ + "/cram")) {
    ++links;
  }
  EXPECT_LT(links, 300u);
  EXPECT_EQ(Found("1"), run);
}

}  // namespace
}  // namespace cram
