// What sub-jobs leave in /dev/shm, and what of it is removed.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "pack/base/fd.h"
#include "pack/base/io.h"
#include "pack/base/size.h"
#include "pack/base/spare_file.h"
#include "spank/agent/caps/caps.h"
#include "spank/agent/caps/left_files.h"
#include "tests/unit/caps_fixture.h"

namespace cram {
namespace {

const pid_t kTest = getpid();  // also in its children

// Files in /dev/shm whose names are this test's, and what becomes of them.
class LeftFiles : public EachCaps {
 protected:
  void TearDown() override {
    for (const char* name : {"", "b", "c", "own"}) {
      std::error_code error;
      std::filesystem::remove_all(Path(name), error);
    }
    EachCaps::TearDown();
  }

  static std::string Path(const char* name) {
    return absl::StrCat(kSharedMemory, "/cram_test_", kTest, name);
  }
  static int Write(const std::string& file, uint64_t bytes) {
    UniqueFd fd(open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600));
    std::string piece(std::min(bytes, kMiB), 'x');
    for (; bytes > 0; bytes -= piece.size()) {
      piece.resize(std::min(bytes, kMiB));
      if (!WriteFull(fd.get(), piece, file).ok()) return 1;
    }
    return 0;
  }
  static bool IsThere(const char* name) {
    return access(Path(name).c_str(), F_OK) == 0;
  }
  // What a sub-job does, and then what is removed: so many bytes are expected.
  uint64_t After(const std::function<int()>& life, uint64_t bytes = 0) {
    since_ = absl::Now();
    EXPECT_TRUE(Attempt(slot_.get(), life).exit.success());
    return bytes == 0 ? Remove() : RemoveInTime(bytes);
  }
  uint64_t Remove() const {
    return RemoveLeftFiles(kSharedMemory, since_, slot_->directory());
  }
  // On a busy machine the kernel's counts move while one looks, and a file
  // stays; a later look finds it.
  uint64_t RemoveInTime(uint64_t bytes) const {
    return RemoveInTime(bytes, slot_->directory());
  }
  uint64_t RemoveInTime(uint64_t bytes, const std::string& directory) const {
    uint64_t removed = 0;
    for (int i = 0; i < 100 && removed < bytes; ++i) {
      if (i > 0) usleep(50000);
      removed += RemoveLeftFiles(kSharedMemory, since_, directory);
    }
    return removed;
  }

  absl::Time since_ = absl::InfinitePast();
};

TEST_P(LeftFiles, OfASubJobAreRemoved) {
  for (uint64_t bytes : {uint64_t{1}, 5 * kKiB, 300 * kKiB, 60 * kMiB}) {
    uint64_t removed =
        After([bytes] { return Write(Path(""), bytes) + Write(Path("b"), 1); },
              bytes + 4096);
    EXPECT_GE(removed, bytes + 4096);
    EXPECT_FALSE(IsThere("")) << bytes;
    EXPECT_FALSE(IsThere("b")) << bytes;
  }
  // In pieces.
  EXPECT_TRUE(
      Attempt(
          slot_.get(), [] { return Write(Path(""), 300 * kMiB); }, 400 * kMiB)
          .exit.success());
  EXPECT_EQ(RemoveInTime(300 * kMiB), 300 * kMiB);
}

TEST_P(LeftFiles, InDirectoriesGoWithThem) {
  EXPECT_GT(After(
                [] {
                  std::filesystem::create_directories(Path("") + "/deep/down");
                  return Write(Path("") + "/deep/down/file", 10000);
                },
                10001),
            10000u);
  EXPECT_FALSE(IsThere(""));
}

TEST_P(LeftFiles, EmptyOnesAndOddOnesStay) {
  EXPECT_EQ(After([] {
              mkfifo(Path("b").c_str(), 0600);
              mkdir(Path("c").c_str(), 0700);
              return Write(Path(""), 0);
            }),
            0u);
  EXPECT_TRUE(IsThere("") && IsThere("b") && IsThere("c"));
}

TEST_P(LeftFiles, WhatWasThereBeforeStays) {
  Write(Path(""), 10000);
  Write(Path("b"), 0);  // and a sub-job fills it
  usleep(50000);
  EXPECT_EQ(After([] { return Write(Path("b"), 10000); }), 0u);
  EXPECT_TRUE(IsThere("") && IsThere("b"));
}

TEST_P(LeftFiles, WhatIsSparedStays) {
  EXPECT_EQ(After([] {
              UniqueFd fd(open(Path("").c_str(), O_WRONLY | O_CREAT, 0600));
              SpareFile(fd.get());
              return Write(Path(""), 5000);
            }),
            0u);
  EXPECT_TRUE(IsThere(""));
}

TEST_P(LeftFiles, WhatSomebodyElseMadeMeanwhileStays) {
  since_ = absl::Now();
  Write(Path(""), 1);
  Write(Path("b"), 3 * kMiB);
  Write(Path("c"), 5000);
  EXPECT_TRUE(Attempt(slot_.get(), [] {
                // Two pages of its own, after a whole one.
                return Write(Path("c"), 10000);
              }).exit.success());
  EXPECT_EQ(Remove(), 0u);
  EXPECT_TRUE(IsThere("") && IsThere("b") && IsThere("c"));
  // Beside one that is removed.
  EXPECT_EQ(
      Attempt(slot_.get(), [] { return Write(Path("own"), 5000); }).exit.code,
      0);
  EXPECT_EQ(RemoveInTime(8192), 8192u);
  EXPECT_TRUE(IsThere("") && IsThere("b") && IsThere("c"));
}

TEST_P(LeftFiles, WhatSomebodyHasOpenOrMappedStays) {
  since_ = absl::Now();
  ASSERT_TRUE(Attempt(slot_.get(), [] {
                return Write(Path(""), 5000) + Write(Path("b"), 5000);
              }).exit.success());
  UniqueFd held(open(Path("").c_str(), O_RDONLY));
  UniqueFd other(open(Path("b").c_str(), O_RDWR));
  void* mapped = mmap(nullptr, 4096, PROT_READ, MAP_SHARED, other.get(), 0);
  other.reset();
  EXPECT_EQ(Remove(), 0u);
  EXPECT_TRUE(IsThere("") && IsThere("b"));
  held.reset();
  munmap(mapped, 4096);
  EXPECT_EQ(RemoveInTime(16384), 16384u);
}

TEST_P(LeftFiles, StayWhileAnotherAgentLooks) {
  since_ = absl::Now();
  ASSERT_TRUE(Attempt(slot_.get(), [] {
                return Write(Path(""), 5000);
              }).exit.success());
  UniqueFd turn(open(kSharedMemory, O_RDONLY | O_DIRECTORY));
  ASSERT_EQ(flock(turn.get(), LOCK_EX), 0);
  EXPECT_EQ(RemoveLeftFiles(kSharedMemory, since_, slot_->directory(),
                            absl::Milliseconds(100)),
            0u);
  EXPECT_TRUE(IsThere(""));
  turn.reset();
  EXPECT_EQ(RemoveInTime(8192), 8192u);
}

TEST_P(LeftFiles, OfAnotherSlotStay) {
  std::unique_ptr<SlotCap> other = NewSlot(1);
  since_ = absl::Now();
  ASSERT_TRUE(Attempt(slot_.get(), [] {
                return Write(Path(""), 5000);
              }).exit.success());
  EXPECT_EQ(RemoveLeftFiles(kSharedMemory, since_, other->directory()), 0u);
  // Those below count to a cgroup.
  EXPECT_EQ(RemoveInTime(8192, directory_), 8192u);
}

INSTANTIATE_TEST_SUITE_P(Of, LeftFiles,
                         testing::Values("cgroup/v1", "cgroup/v1, handed over",
                                         "cgroup/v2"),
                         NameOf);

}  // namespace
}  // namespace cram
