#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "absl/time/clock.h"
#include "pack/journal/journal_writer.h"
#include "pack/journal/sign_of_life.h"
#include "tests/unit/temporary_directory.h"

namespace cram {
namespace {

class SignOfLife : public testing::Test {
 protected:
  // Of now; the writer that is returned lives.
  std::unique_ptr<JournalWriter> Write() {
    absl::StatusOr<std::unique_ptr<JournalWriter>> writer =
        JournalWriter::Create(path_);
    EXPECT_TRUE(writer.ok()) << writer.status();
    return *std::move(writer);
  }
  bool IsAbandonedAfter(absl::Duration time) {
    return JournalIsAbandoned(path_, absl::Now() + time);
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_.path() + "/journal.0";
};

TEST_F(SignOfLife, IsThatTheWriterHoldsIt) {
  auto writer = Write();
  EXPECT_TRUE(JournalIsHeld(path_));
  EXPECT_FALSE(IsAbandonedAfter(absl::Hours(24)));
  writer.reset();
  EXPECT_FALSE(JournalIsHeld(path_));
  EXPECT_TRUE(IsAbandonedAfter(absl::Hours(24)));
}

TEST_F(SignOfLife, IsARecordWhereNobodySeesThatItIsHeld) {
  Write();
  EXPECT_FALSE(IsAbandonedAfter(kSignOfLife));
  EXPECT_FALSE(IsAbandonedAfter(kSilence - absl::Seconds(1)));
  EXPECT_TRUE(IsAbandonedAfter(kSilence + absl::Seconds(30)));
}

TEST_F(SignOfLife, IsNotInAJournalThatIsNotThere) {
  EXPECT_FALSE(JournalIsHeld(path_));
  EXPECT_TRUE(IsAbandonedAfter(absl::ZeroDuration()));
}

}  // namespace
}  // namespace cram
