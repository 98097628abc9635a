#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/time/clock.h"
#include "pack/base/clock.h"
#include "pack/journal/patient_file.h"

namespace cram {
namespace {

// A pipe that nobody reads is a file system that does not answer.
class PatientFileTest : public testing::Test {
 protected:
  PatientFileTest() {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    reader_.reset(ends[0]);
    file_ = std::make_unique<PatientFile>(UniqueFd(ends[1]), "pipe");
  }

  std::string ReadAvailable(size_t bytes) {
    std::string text(bytes, '\0');
    size_t done = 0;
    while (done < bytes) {
      ssize_t n = read(reader_.get(), &text[done], bytes - done);
      if (n <= 0) break;
      done += static_cast<size_t>(n);
    }
    text.resize(done);
    return text;
  }

  UniqueFd reader_;
  std::unique_ptr<PatientFile> file_;
};

TEST_F(PatientFileTest, WritesWhatFitsAtOnce) {
  std::string bytes = "first ";
  EXPECT_TRUE(file_->Write(&bytes, absl::Seconds(10)).ok());
  EXPECT_TRUE(bytes.empty());
  bytes = "second";
  EXPECT_TRUE(file_->Write(&bytes, absl::InfiniteDuration()).ok());
  EXPECT_EQ(ReadAvailable(12), "first second");
}

TEST_F(PatientFileTest, WaitsNoLongerThanItMay) {
  std::string big(1 << 20, 'x'), bytes = big;
  absl::Time start = absl::Now();
  absl::Status status = file_->Write(&bytes, absl::Milliseconds(30));
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_EQ(file_->pending(), big.size());
  // What comes meanwhile stays with the caller, who need not wait again.
  bytes = "behind";
  EXPECT_TRUE(absl::IsUnavailable(file_->Write(&bytes, absl::Seconds(30))));
  EXPECT_EQ(bytes, "behind");
  EXPECT_LT(absl::Now() - start, absl::Seconds(10));
  EXPECT_EQ(ReadAvailable(big.size()), big);
  EXPECT_TRUE(file_->Write(&bytes, absl::InfiniteDuration()).ok());
  EXPECT_EQ(file_->pending(), 0u);
  EXPECT_EQ(ReadAvailable(6), "behind");
}

TEST_F(PatientFileTest, WritesNothingThatComesTooLate) {
  for (absl::Duration patience :
       {absl::Seconds(10), absl::InfiniteDuration()}) {
    std::string bytes = "late";
    EXPECT_TRUE(
        absl::IsUnavailable(file_->Write(&bytes, patience, MonotonicNow())));
    EXPECT_EQ(bytes, "late");
    EXPECT_TRUE(file_->Write(&bytes, patience).ok());
    EXPECT_EQ(ReadAvailable(4), "late");
  }
}

// The second is in time, as far as the caller can know, and yet not begun when
// the first is done.
TEST_F(PatientFileTest, WritesNothingThatWaitedTooLong) {
  std::string big(1 << 20, 'x'), bytes = big;
  Instant soon = MonotonicNow() + absl::Milliseconds(100);
  EXPECT_TRUE(
      absl::IsUnavailable(file_->Write(&bytes, absl::Milliseconds(10), soon)));
  bytes = "late";
  EXPECT_TRUE(
      absl::IsUnavailable(file_->Write(&bytes, absl::Milliseconds(10), soon)));
  absl::SleepFor(absl::Milliseconds(200));
  EXPECT_EQ(ReadAvailable(big.size()), big);
  absl::Status status;
  do {
    status = file_->Write(&bytes, absl::Milliseconds(10), soon);
  } while (file_->pending() != 0);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_EQ(bytes, "late");
}

// A sub-job may have filled all that the user may have.
TEST_F(PatientFileTest, WritesWhereNoProcessMayBeMadeAnyMore) {
  pid_t pid = fork();
  if (pid == 0) {
    rlimit none = {0, 0};
    setrlimit(RLIMIT_NPROC, &none);
    if (geteuid() == 0 && setuid(65534) != 0) _exit(2);
    std::string bytes = "first";
    _exit(file_->Write(&bytes, absl::Seconds(10)).ok() ? 0 : 1);
  }
  int status;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(ReadAvailable(5), "first");
}

TEST_F(PatientFileTest, GivesBackWhatCouldNotBeWritten) {
  signal(SIGPIPE, SIG_IGN);
  std::string big(1 << 20, 'x'), bytes = big;
  EXPECT_TRUE(
      absl::IsUnavailable(file_->Write(&bytes, absl::Milliseconds(30))));
  std::string got = ReadAvailable(100000);
  reader_.reset();
  bytes = "behind";
  absl::Status status;
  do {
    status = file_->Write(&bytes, absl::Milliseconds(30));
  } while (absl::IsUnavailable(status));
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(bytes.substr(bytes.size() - 6), "behind");
  EXPECT_GT(bytes.size(), 6u);
  EXPECT_LT(bytes.size(), big.size());
}

TEST_F(PatientFileTest, MayGoWhileItIsWritten) {
  std::string bytes(1 << 20, 'x');
  EXPECT_TRUE(absl::IsUnavailable(file_->Write(&bytes, absl::Milliseconds(1))));
  file_.reset();
  EXPECT_EQ(ReadAvailable(1 << 20).size(), size_t{1} << 20);
}

}  // namespace
}  // namespace cram
