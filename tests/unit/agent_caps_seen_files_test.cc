// Whose files in memory are, by who was seen with them.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>
#include <system_error>
#include <vector>

#include "absl/time/clock.h"
#include "pack/base/io.h"
#include "pack/base/spare_file.h"
#include "spank/agent/caps/left_files.h"
#include "spank/agent/caps/seen_files.h"

namespace cram {
namespace {

// A process that does something and then waits for its end.
class Process {
 public:
  explicit Process(const std::function<void()>& act) {
    int ready[2];
    EXPECT_EQ(pipe(ready), 0);
    pid_ = fork();
    if (pid_ == 0) {
      act();
      if (write(ready[1], "x", 1) != 1) _exit(1);
      for (;;) pause();
    }
    close(ready[1]);
    char byte;
    EXPECT_EQ(read(ready[0], &byte, 1), 1);
    close(ready[0]);
  }
  ~Process() { End(); }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  void End() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_;
};

// In a directory of /dev/shm's, made for the test.
class FilesSeen : public testing::Test {
 protected:
  ~FilesSeen() override {
    std::error_code error;
    std::filesystem::remove_all(directory_, error);
  }

  static std::string MakeDirectory() {
    std::string path = "/dev/shm/cram_test_XXXXXX";
    EXPECT_NE(mkdtemp(&path[0]), nullptr);
    return path;
  }

  std::string Path(const char* name) const { return directory_ + "/" + name; }
  bool IsThere(const char* name) const {
    return access(Path(name).c_str(), F_OK) == 0;
  }
  // Left open in the process that calls it.
  int Write(const char* name, uint64_t bytes) const {
    int fd = open(Path(name).c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    EXPECT_TRUE(WriteFull(fd, std::string(bytes, 'x'), name).ok());
    return fd;
  }
  void Look(uint32_t slot, const Process& process) {
    seen_.Look(slot, since_, process.pid(), true);
  }
  uint64_t Remove(uint32_t slot) const {
    return RemoveLeftFiles(directory_, since_, seen_.Of(slot));
  }

  std::string directory_ = MakeDirectory();
  absl::Time since_ = absl::Now();
  SeenFiles seen_{directory_};
};

TEST_F(FilesSeen, OpenForWritingAreTheSubJobsAndGoWithIt) {
  Process process([this] { Write("one", 5000); });
  Look(3, process);
  EXPECT_EQ(seen_.BytesOf(3), 8192u);
  EXPECT_EQ(seen_.BytesOf(4), 0u);
  EXPECT_EQ(Remove(3), 0u);  // it still has it open
  process.End();
  EXPECT_EQ(Remove(4), 0u);
  EXPECT_EQ(Remove(3), 8192u);
  EXPECT_FALSE(IsThere("one"));
  EXPECT_EQ(seen_.BytesOf(3), 0u);
}

TEST_F(FilesSeen, MappedToWriteAreTheSubJobs) {
  Process process([this] {
    int fd = open(Path("one").c_str(), O_RDWR | O_CREAT, 0600);
    EXPECT_EQ(ftruncate(fd, 10000), 0);
    char* place = static_cast<char*>(
        mmap(nullptr, 10000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    place[9999] = 'x';
    close(fd);
  });
  Look(0, process);
  EXPECT_EQ(seen_.BytesOf(0), 4096u);
  process.End();
  EXPECT_EQ(Remove(0), 4096u);
  EXPECT_FALSE(IsThere("one"));
}

TEST_F(FilesSeen, InADirectoryGoWithIt) {
  Process process([this] {
    mkdir(Path("deep").c_str(), 0700);
    Write("deep/one", 1);
  });
  Look(0, process);
  process.End();
  EXPECT_EQ(Remove(0), 4096u);
  EXPECT_FALSE(IsThere("deep"));
}

TEST_F(FilesSeen, OnlyReadAreNot) {
  close(Write("one", 5000));
  Process process([this] {
    int fd = open(Path("one").c_str(), O_RDONLY);
    EXPECT_NE(mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd, 0), MAP_FAILED);
    EXPECT_NE(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0),
              MAP_FAILED);
  });
  Look(0, process);
  EXPECT_TRUE(seen_.Of(0).empty());
}

TEST_F(FilesSeen, MadeBeforeTheAttemptAreNot) {
  close(Write("one", 5000));
  absl::SleepFor(absl::Milliseconds(50));
  since_ = absl::Now();
  Process process([this] {
    Write("one", 5000);
    Write("two", 1);
  });
  Look(0, process);
  EXPECT_EQ(seen_.Of(0).size(), 1u);
  process.End();
  EXPECT_EQ(Remove(0), 4096u);
  EXPECT_TRUE(IsThere("one"));
}

TEST_F(FilesSeen, OfTwoSubJobsAreOfNone) {
  Process first([this] { Write("one", 5000); });
  Process second([this] { Write("one", 5000); });
  Look(0, first);
  Look(1, second);
  EXPECT_EQ(seen_.BytesOf(0) + seen_.BytesOf(1), 0u);
  first.End();
  seen_.Forget(0);
  Look(1, second);
  EXPECT_TRUE(seen_.Of(1).empty());
  second.End();
  seen_.Forget(1);
  EXPECT_TRUE(IsThere("one"));
}

TEST_F(FilesSeen, SparedAreCountedAndStay) {
  Process process([this] { SpareFile(Write("one", 5000)); });
  Look(0, process);
  EXPECT_EQ(seen_.BytesOf(0), 8192u);
  process.End();
  EXPECT_EQ(Remove(0), 0u);
  EXPECT_TRUE(IsThere("one"));
}

TEST_F(FilesSeen, ThatAnotherHasTakenThePlaceOfStay) {
  Process process([this] { Write("one", 5000); });
  Look(0, process);
  process.End();
  close(Write("two", 5000));
  ASSERT_EQ(rename(Path("two").c_str(), Path("one").c_str()), 0);
  EXPECT_EQ(seen_.BytesOf(0), 0u);
  EXPECT_EQ(Remove(0), 0u);
  EXPECT_TRUE(IsThere("one"));
}

TEST_F(FilesSeen, AreForgottenWithTheAttempt) {
  Process process([this] { Write("one", 5000); });
  Look(0, process);
  seen_.Forget(0);
  EXPECT_TRUE(seen_.Of(0).empty());
}

TEST(FilesMappedToWrite, AreThoseThatAreSharedAndWritable) {
  std::vector<TmpfsFile> files = FilesMappedToWrite(
      "7f0000000000-7f0000001000 rw-s 00000000 00:1a 123                       "
      " "
      "/dev/shm/a b\n"
      "7f0000001000-7f0000002000 r--s 00000000 00:1a 124 /dev/shm/read\n"
      "7f0000002000-7f0000003000 rw-p 00000000 00:1a 125 /dev/shm/private\n"
      "7f0000003000-7f0000004000 rw-s 00000000 00:01 126 /dev/zero (deleted)\n"
      "7f0000004000-7f0000005000 rw-s 00000000 00:1a /dev/shm/short\n"
      "7f0000005000-7f0000006000 rw-s 00000000 zz:1a 1 /dev/shm/odd\n"
      "7f0000006000-7f0000007000 rw-p 00000000 00:00 0 [heap]\n"
      "7f0000007000-7f0000008000 -w-s 00001000 fd:ff 9 /dev/shm/c",
      "/dev/shm/");
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].path, "/dev/shm/a b");
  EXPECT_EQ(files[0].id, (FileId{makedev(0, 0x1a), 123}));
  EXPECT_EQ(files[1].path, "/dev/shm/c");
  EXPECT_EQ(files[1].id, (FileId{makedev(0xfd, 0xff), 9}));
}

}  // namespace
}  // namespace cram
