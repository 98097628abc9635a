#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "pack/journal/reader.h"
#include "spank/agent/agent/records.h"
#include "tests/unit/temporary_directory.h"

namespace cram {
namespace {

// Files may not grow beyond so much; as on a full disk, the small one fits.
class FilesUpTo {
 public:
  explicit FilesUpTo(rlim_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = {bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FilesUpTo() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_;
};

class RecordsTest : public testing::Test {
 protected:
  RecordsTest() : run_(directory_.path()) {
    records_ = *Records::Create(run_, Opened(), true);
  }

  void Complete(uint64_t index, const std::string& output) {
    JournalRecord record;
    Ended* ended = record.mutable_ended();
    ended->set_index(index);
    ended->set_output_offset(records_->output()->Append(
        {index, 0, OutputStream::kStdout, std::nullopt}, output, 0));
    records_->Append(record);
  }
  // Of sub-jobs, in the file.
  int Ends() const {
    int ends = 0;
    EXPECT_TRUE(ReadJournal(run_.journal(0), [&ends](const JournalRecord& one) {
                  if (one.has_ended()) ++ends;
                }).ok());
    return ends;
  }

  TemporaryDirectory directory_;
  RunDirectory run_;
  std::unique_ptr<Records> records_;
};

TEST_F(RecordsTest, NeverTellOfOutputThatIsNotThere) {
  Complete(0, "little");
  // On a busy machine it may take longer than a Flush waits.
  for (int i = 0; i < 1000 && !records_->Flush(); ++i) usleep(10000);
  ASSERT_TRUE(records_->status().ok());
  ASSERT_EQ(Ends(), 1);
  {
    FilesUpTo limit(4096);
    Complete(1, std::string(8192, 'x'));
    EXPECT_FALSE(records_->Flush());
    EXPECT_EQ(Ends(), 1);
    EXPECT_FALSE(records_->Close().ok());
    EXPECT_EQ(Ends(), 1);
  }
  EXPECT_TRUE(records_->Close().ok());
  EXPECT_EQ(Ends(), 2);
}

}  // namespace
}  // namespace cram
