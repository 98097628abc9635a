#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <thread>

#include "pack/base/fd.h"
#include "pack/base/io.h"
#include "spank/agent/agent/held_directory.h"
#include "tests/unit/temporary_directory.h"

namespace cram {
namespace {

class HeldDirectories : public testing::Test {
 protected:
  // With a file in it; `old` is long enough for a keeper to have locked it.
  std::string MakeOne(const std::string& name, bool old) {
    std::string path = parent_.path() + "/" + name;
    EXPECT_EQ(mkdir(path.c_str(), 0700), 0);
    EXPECT_TRUE(ReplaceFile(path + "/file", "x").ok());
    timespec times[2] = {{1000, 0}, {1000, 0}};
    if (old) {
      EXPECT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
    }
    return path;
  }

  TemporaryDirectory parent_;
};

TEST_F(HeldDirectories, GoWithTheirKeeper) {
  std::string path;
  {
    absl::StatusOr<HeldDirectory> held =
        HeldDirectory::Make(parent_.path(), "7.0");
    ASSERT_TRUE(held.ok()) << held.status();
    path = held->path();
    EXPECT_EQ(path.rfind(parent_.path() + "/cram-tmp-7.0-", 0), 0U);
    EXPECT_TRUE(ReplaceFile(path + "/file", "x").ok());
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(HeldDirectories, OfKilledKeepersAreRemovedByTheNext) {
  std::string dead = MakeOne("cram-tmp-6.0-abcdef", true);
  std::string young = MakeOne("cram-tmp-6.1-abcdef", false);
  std::string living = MakeOne("cram-tmp-6.2-abcdef", true);
  std::string another = MakeOne("cram-6.0", true);
  UniqueFd keeper(open(living.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ASSERT_EQ(flock(keeper.get(), LOCK_EX), 0);
  absl::StatusOr<HeldDirectory> held =
      HeldDirectory::Make(parent_.path(), "7.0");
  ASSERT_TRUE(held.ok()) << held.status();
  EXPECT_FALSE(std::filesystem::exists(dead));
  EXPECT_TRUE(std::filesystem::exists(young)) << "it may not be locked yet";
  EXPECT_TRUE(std::filesystem::exists(living));
  EXPECT_TRUE(std::filesystem::exists(another));
}

TEST_F(HeldDirectories, OfARunThatWasKilledAreRemovedAtOnce) {
  std::string killed = MakeOne("cram-tmp-6.0-abcdef", false);
  std::string other = MakeOne("cram-tmp-6.01-abcdef", false);
  std::string dying = MakeOne("cram-tmp-6.0-ghijkl", false);
  UniqueFd keeper(open(dying.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ASSERT_EQ(flock(keeper.get(), LOCK_EX), 0);
  std::thread death([&keeper] {
    usleep(100000);
    keeper.reset();
  });
  HeldDirectory::Remove(parent_.path(), "6.0");
  death.join();
  EXPECT_FALSE(std::filesystem::exists(killed));
  EXPECT_FALSE(std::filesystem::exists(dying));
  EXPECT_TRUE(std::filesystem::exists(other));
}

}  // namespace
}  // namespace cram
