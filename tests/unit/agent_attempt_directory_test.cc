#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "absl/time/clock.h"
#include "pack/base/io.h"
#include "spank/agent/agent/attempt_directory.h"
#include "tests/unit/temporary_directory.h"

namespace cram {
namespace {

class SlotsDirectory : public testing::Test {
 protected:
  // An attempt that does `work` there; whether the next finds it empty.
  template <typename Work>
  bool EmptyAfter(Work work) {
    EXPECT_TRUE(directory_.Prepare().ok());
    work(directory_.path());
    directory_.Empty();
    EXPECT_TRUE(directory_.Prepare().ok());
    struct stat status;
    return stat(directory_.path().c_str(), &status) == 0 &&
           (status.st_mode & 07777) == 0700 &&
           std::filesystem::is_empty(directory_.path());
  }

  TemporaryDirectory parent_;
  AttemptDirectory directory_{parent_.path(), 3};
};

void Nothing(const std::string&) {}
void AFile(const std::string& path) {
  EXPECT_TRUE(ReplaceFile(path + "/left", "x").ok());
}

TEST_F(SlotsDirectory, KeepsItsNameWhileNothingIsLeftInIt) {
  EXPECT_TRUE(EmptyAfter(Nothing));
  std::string path = directory_.path();
  EXPECT_TRUE(EmptyAfter(Nothing));
  EXPECT_EQ(directory_.path(), path);
}

TEST_F(SlotsDirectory, IsEmptyForTheNextWhateverWasLeft) {
  EXPECT_TRUE(EmptyAfter(AFile));
  EXPECT_TRUE(EmptyAfter([](const std::string& path) {
    std::filesystem::create_directories(path + "/a/b");
  }));
  EXPECT_TRUE(
      EmptyAfter([](const std::string& path) { chmod(path.c_str(), 0777); }));
  EXPECT_TRUE(EmptyAfter(
      [](const std::string& path) { std::filesystem::remove(path); }));
  EXPECT_TRUE(EmptyAfter([](const std::string& path) {
    std::filesystem::rename(path, path + ".away");
    std::filesystem::create_directory(path);
  }));
}

TEST_F(SlotsDirectory, IsEmptiedAlsoAfterManyThatLeftNothing) {
  absl::Time end = absl::Now() + absl::Seconds(2.3);
  while (absl::Now() < end) {
    ASSERT_TRUE(EmptyAfter(Nothing));
    absl::SleepFor(absl::Milliseconds(50));
  }
  EXPECT_TRUE(EmptyAfter(AFile));
  EXPECT_TRUE(EmptyAfter(AFile));
}

}  // namespace
}  // namespace cram
