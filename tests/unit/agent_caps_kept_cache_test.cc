// What attempts read stays in memory for those after them, and is not theirs.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "pack/base/fd.h"
#include "pack/base/io.h"
#include "pack/base/size.h"
#include "spank/agent/caps/kept_cache.h"
#include "tests/unit/caps_fixture.h"
#include "tests/unit/temporary_directory.h"

namespace cram {
namespace {

TEST(OwnPeak, IsWithoutWhatWasThereBeforeAndStayed) {
  EXPECT_EQ(OwnPeak({100, 0, 0, 70, false}), 100U);
  EXPECT_EQ(OwnPeak({100, 0, 30, 30, false}), 70U);
  EXPECT_EQ(OwnPeak({100, 0, 30, 80, false}), 70U);
  EXPECT_EQ(OwnPeak({100, 10, 30, 30, false}), 60U);
  EXPECT_EQ(OwnPeak({20, 10, 30, 30, false}), 0U);
}

TEST(OwnPeak, CountsWhatMadeCachesGo) {
  EXPECT_EQ(OwnPeak({100, 0, 30, 5, false}), 95U);
  EXPECT_EQ(OwnPeak({100, 0, 30, 30, true}), 100U);
  EXPECT_EQ(OwnPeak({100, 10, 30, 30, true}), 90U);
}

// Attempts that read a file which nobody has read before them.
class KeptCache : public EachCaps {
 protected:
  void SetUp() override {
    EachCaps::SetUp();
    if (IsSkipped()) return;
    ASSERT_TRUE(ReplaceFile(file_, std::string(bytes_, 'x')).ok());
    Forget();
    if (Cached() == 0) return;
    // What this machine writes is in memory; another one's file may not be.
    file_ = std::filesystem::read_symlink("/proc/self/exe")
                .replace_filename("manifest_test");
    bytes_ = std::min<uint64_t>(
        bytes_, std::filesystem::file_size(file_) / kMiB * kMiB);
    Forget();
    if (Cached() != 0) GTEST_SKIP() << "files here are all in memory";
  }

  void Forget() {
    UniqueFd fd(open(file_.c_str(), O_RDONLY));
    fsync(fd.get());
    posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED);
  }

  // Bytes of it that are in memory.
  uint64_t Cached() {
    UniqueFd fd(open(file_.c_str(), O_RDONLY));
    void* map = mmap(nullptr, bytes_, PROT_READ, MAP_SHARED, fd.get(), 0);
    if (map == MAP_FAILED) return 0;
    const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
    std::vector<unsigned char> pages(bytes_ / page);
    mincore(map, bytes_, pages.data());
    munmap(map, bytes_);
    auto in_memory = [](unsigned char flags) { return (flags & 1) != 0; };
    return page * static_cast<uint64_t>(
                      std::count_if(pages.begin(), pages.end(), in_memory));
  }

  // Reads it, and uses `memory` besides.
  Outcome Read(uint64_t memory, uint64_t cap_bytes) {
    return Attempt(
        slot_.get(),
        [&] {
          std::string buffer(kMiB, '\0');
          UniqueFd fd(open(file_.c_str(), O_RDONLY));
          for (uint64_t i = 0; i < bytes_ / kMiB; ++i) {
            if (read(fd.get(), buffer.data(), buffer.size()) < 0) return 1;
          }
          if (memory == 0) return 0;
          void* mine = mmap(nullptr, memory, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
          memset(mine, 1, memory);
          return 0;
        },
        cap_bytes);
  }

  TemporaryDirectory temporary_;
  std::string file_ = temporary_.path() + "/file";
  uint64_t bytes_ = 48 * kMiB;
};

TEST_P(KeptCache, IsThereForTheNextAttempt) {
  Read(0, 512 * kMiB);
  EXPECT_EQ(Cached(), bytes_);
  for (int i = 0; i < 8; ++i) {
    Attempt(
        slot_.get(), [] { return 0; }, 512 * kMiB);
  }
  EXPECT_EQ(Cached(), bytes_);
}

TEST_P(KeptCache, IsNotInThePeakOfTheNext) {
  Read(0, 512 * kMiB);
  Outcome next = Read(40 * kMiB, 512 * kMiB);
  EXPECT_GT(next.peak, 39 * kMiB);
  EXPECT_LT(next.peak, 40 * kMiB + bytes_);
  EXPECT_LT(Read(0, 512 * kMiB).peak, bytes_);
}

TEST_P(KeptCache, IsAnEighthOfTheCapAtMost) {
  Read(0, 512 * kMiB);
  ASSERT_TRUE(slot_->Arm(24 * kMiB).ok());
  ControlFile used;
  std::string leaf = directory_ + "/slot_0";
  absl::Status status =
      used.Open(leaf, is_cgroup2() ? "memory.current" : "memory.usage_in_bytes",
                O_RDONLY);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_LE(used.ReadNumber(), 8 * kMiB);
}

// It gives way. (Beside the attempt's memory there is the program itself, large
// under a sanitizer.)
TEST_P(KeptCache, TakesNothingFromTheCap) {
  Read(0, 512 * kMiB);
  Outcome large = Read(340 * kMiB, 384 * kMiB);
  EXPECT_EQ(large.verdict, CapVerdict::kWithin);
  EXPECT_TRUE(large.exit.success());
  EXPECT_GE(large.peak, 339 * kMiB);
  EXPECT_LE(large.peak, 384 * kMiB);
}

INSTANTIATE_TEST_SUITE_P(Of, KeptCache,
                         testing::Values("cgroup/v1", "cgroup/v1, handed over",
                                         "cgroup/v2"),
                         NameOf);

}  // namespace
}  // namespace cram
