#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "pack/base/io.h"
#include "tests/unit/temporary_directory.h"

namespace cram {
namespace {

TEST(Io, ErrorsNameOperationPathAndReason) {
  absl::Status status = ErrnoStatus("open", "/x/in.txt", ENOENT);
  EXPECT_EQ(status.message(), "open /x/in.txt: No such file or directory");
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_EQ(ErrnoStatus("fork", "", EAGAIN).message(),
            "fork: Resource temporarily unavailable");
}

TEST(Io, ContextGoesInFrontAndKeepsTheCode) {
  absl::Status status =
      WithContext("sub-job 17", ErrnoStatus("open", "/x", EACCES));
  EXPECT_EQ(status.message(), "sub-job 17: open /x: Permission denied");
  EXPECT_TRUE(absl::IsPermissionDenied(status));
  EXPECT_TRUE(WithContext("sub-job 17", absl::OkStatus()).ok());
}

TEST(Io, ReadsBackWhatItReplaced) {
  TemporaryDirectory dir;
  std::string path = dir.path() + "/file";
  std::string large(3 << 20, 'x');
  ASSERT_TRUE(ReplaceFile(path, "old").ok());
  ASSERT_TRUE(ReplaceFile(path, large, 0600).ok());
  absl::StatusOr<std::string> content = ReadFile(path);
  ASSERT_TRUE(content.ok());
  EXPECT_EQ(*content, large);
  struct stat info;
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
}

TEST(Io, AFailedReplaceLeavesTheOldFileAndNoOther) {
  TemporaryDirectory dir;
  std::string path = dir.path() + "/directory";
  ASSERT_EQ(mkdir(path.c_str(), 0700), 0);
  EXPECT_FALSE(ReplaceFile(path, "content").ok());
  size_t entries = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator(dir.path())) {
    ++entries;
  }
  EXPECT_EQ(entries, 1u);
}

TEST(Io, DescriptorsCloseOnExec) {
  TemporaryDirectory dir;
  absl::StatusOr<UniqueFd> fd =
      OpenFile(dir.path() + "/file", O_WRONLY | O_CREAT);
  ASSERT_TRUE(fd.ok());
  EXPECT_NE(fcntl(fd->get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(Io, WriteToAFullDeviceSaysSo) {
  absl::StatusOr<UniqueFd> full = OpenFile("/dev/full", O_WRONLY);
  ASSERT_TRUE(full.ok());
  absl::Status status = WriteFull(full->get(), "x", "/dev/full");
  EXPECT_EQ(status.message(), "write /dev/full: No space left on device");
}

TEST(Io, MakesPathsAbsolute) {
  EXPECT_EQ(AbsolutePath("/a/b"), "/a/b");
  std::string path = AbsolutePath("b");
  EXPECT_EQ(path[0], '/');
  EXPECT_TRUE(absl::EndsWith(path, "/b"));
}

TEST(UniqueFd, ClosesOnceAndHandsOver) {
  TemporaryDirectory dir;
  absl::StatusOr<UniqueFd> opened =
      OpenFile(dir.path() + "/file", O_WRONLY | O_CREAT);
  ASSERT_TRUE(opened.ok());
  int number = opened->get();
  {
    UniqueFd moved = *std::move(opened);
    EXPECT_EQ(moved.get(), number);
    EXPECT_EQ(fcntl(number, F_GETFD), FD_CLOEXEC);
  }
  EXPECT_EQ(fcntl(number, F_GETFD), -1);
  EXPECT_EQ(errno, EBADF);
}

}  // namespace
}  // namespace cram
