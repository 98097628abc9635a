// Memory that files fill which nobody uses.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <system_error>

#include "absl/time/clock.h"
#include "pack/base/clock.h"
#include "pack/base/fd.h"
#include "pack/base/io.h"
#include "pack/base/size.h"
#include "spank/agent/caps/idle_files.h"
#include "spank/agent/caps/turn.h"
#include "tests/unit/temporary_directory.h"

namespace cram {
namespace {

// In a directory of /dev/shm's, made for the test.
class FilesNobodyUses : public testing::Test {
 protected:
  ~FilesNobodyUses() override {
    std::error_code error;
    std::filesystem::remove_all(directory_, error);
  }

  std::string Path(const char* name) const { return directory_ + "/" + name; }
  void Write(const char* name, uint64_t bytes) const {
    ASSERT_TRUE(ReplaceFile(Path(name), std::string(bytes, 'x')).ok());
  }
  uint64_t Bytes(uint32_t slot = 0) {
    absl::SleepFor(files_.next_look() - MonotonicNow());
    return files_.BytesFor(slot);
  }

  static std::string MakeDirectory() {
    std::string path = "/dev/shm/cram_test_XXXXXX";
    EXPECT_NE(mkdtemp(&path[0]), nullptr);
    return path;
  }

  std::string directory_ = MakeDirectory();
  IdleFiles files_{directory_};
};

TEST_F(FilesNobodyUses, CountAndStopToCountWhenTheyAreGone) {
  EXPECT_EQ(Bytes(), 0u);
  Write("one", 3 * kMiB);
  std::filesystem::create_directories(Path("deep/down"));
  Write("deep/down/two", 5000);
  EXPECT_EQ(Bytes(), 3 * kMiB + 8192);
  unlink(Path("one").c_str());
  EXPECT_EQ(Bytes(), 8192u);
}

TEST_F(FilesNobodyUses, AreNotThoseThatSomebodyHasOpenOrMapped) {
  Write("open", 5000);
  Write("mapped", 5000);
  UniqueFd open = *OpenFile(Path("open"), O_RDONLY);
  UniqueFd file = *OpenFile(Path("mapped"), O_RDONLY);
  void* mapped = mmap(nullptr, 4096, PROT_READ, MAP_SHARED, file.get(), 0);
  file.reset();
  EXPECT_EQ(Bytes(), 0u);
  open.reset();
  EXPECT_EQ(Bytes(), 8192u);
  munmap(mapped, 4096);
  EXPECT_EQ(Bytes(), 16384u);
}

TEST_F(FilesNobodyUses, WereThereBeforeAndHaveGrown) {
  Write("before", 4096);
  absl::SleepFor(absl::Milliseconds(50));
  files_ = IdleFiles(directory_);
  EXPECT_EQ(Bytes(), 0u);
  UniqueFd file(open(Path("before").c_str(), O_WRONLY | O_APPEND));
  ASSERT_TRUE(WriteFull(file.get(), "more", "before").ok());
  file.reset();
  EXPECT_EQ(Bytes(), 8192u);
}

TEST_F(FilesNobodyUses, AreSaidOnceForAllSlots) {
  Write("one", 4096);
  EXPECT_EQ(Bytes(3), 4096u);
  EXPECT_EQ(Bytes(1), 0u);
  Write("two", 4096);
  EXPECT_EQ(Bytes(1), 4096u);
  EXPECT_EQ(Bytes(3), 4096u);
  unlink(Path("one").c_str());
  unlink(Path("two").c_str());
  EXPECT_EQ(Bytes(1), 0u);
  EXPECT_EQ(Bytes(3), 0u);
}

// It has them open, and is not to find them in use by this.
TEST_F(FilesNobodyUses, AreNotLookedAtWhileAnotherAgentLooks) {
  Write("one", kMiB);
  UniqueFd other(open(directory_.c_str(), O_RDONLY | O_DIRECTORY));
  ASSERT_TRUE(TakeTurn(other, absl::ZeroDuration()));
  EXPECT_EQ(Bytes(), 0u);
  other.reset();
  EXPECT_EQ(Bytes(), kMiB);
}

TEST(IdleFiles, AreThoseOfATmpfsOnly) {
  TemporaryDirectory plain;
  IdleFiles files(plain.path() + "/not/there");
  EXPECT_EQ(files.BytesFor(0), 0u);
}

}  // namespace
}  // namespace cram
