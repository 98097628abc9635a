#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "pack/base/fd.h"
#include "pack/manifest/mapped_file.h"
#include "tests/unit/temporary_directory.h"

namespace cram {
namespace {

constexpr size_t kMebibyte = 1 << 20;

// A file of 64 MiB that nobody has read.
class MappedFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    UniqueFd fd(open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_TRUE(fd.valid());
    ASSERT_EQ(ftruncate(fd.get(), 64 * kMebibyte), 0);
    file_ = std::make_unique<MappedFile>(*MappedFile::Open(path_));
  }

  // How much of it is in memory.
  size_t Resident() const {
    auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    absl::string_view bytes = file_->bytes();
    std::vector<unsigned char> pages(bytes.size() / page);
    mincore(const_cast<char*>(bytes.data()), bytes.size(), pages.data());
    return page * static_cast<size_t>(std::count_if(
                      pages.begin(), pages.end(),
                      [](unsigned char state) { return (state & 1) != 0; }));
  }

  // So that it must be in memory.
  static void GoThrough(absl::string_view part) {
    EXPECT_EQ(std::count(part.begin(), part.end(), '\0'),
              static_cast<ptrdiff_t>(part.size()));
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_.path() + "/file";
  std::unique_ptr<MappedFile> file_;
};

TEST_F(MappedFileTest, APageThatIsTouchedBringsFewOthers) {
  GoThrough(file_->bytes().substr(32 * kMebibyte, 1));
  GoThrough(file_->bytes().substr(63 * kMebibyte, 1));
  EXPECT_LE(Resident(), 2 * kMebibyte);
}

TEST_F(MappedFileTest, WhatWillBeReadBringsNoOthers) {
  for (size_t i = 1; i < 10; ++i) {
    absl::string_view part = file_->bytes().substr(5 * i * kMebibyte, 100000);
    file_->WillRead(part);
    GoThrough(part);
  }
  EXPECT_LE(Resident(), 4 * kMebibyte);
}

TEST_F(MappedFileTest, WhoGoesOnIsReadAheadForButNotFar) {
  for (size_t i = 0; i < 100; ++i) {
    absl::string_view part = file_->bytes().substr(i * 100000, 100000);
    file_->WillRead(part);
    GoThrough(part);
  }
  EXPECT_LE(Resident(), 100 * 100000 + 2 * kMebibyte);
}

TEST_F(MappedFileTest, ItsEndsCanBeRead) {
  file_->WillRead(file_->bytes());
  file_->WillRead(file_->bytes().substr(64 * kMebibyte - 1));
  file_->WillRead(file_->bytes().substr(64 * kMebibyte));
  file_->WillRead({});
  GoThrough(file_->bytes().substr(0, 1));
  GoThrough(file_->bytes().substr(64 * kMebibyte - 1));
}

}  // namespace
}  // namespace cram
