#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <string>

#include "spank/agent/agent/oom_score.h"

namespace cram {
namespace {

// What was written to the file until each moment, as the loop goes on.
class Score : public testing::Test {
 protected:
  Score() {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    read_.reset(ends[0]);
    write_.reset(ends[1]);
  }
  void At(int milliseconds, std::function<void()> what) {
    loop_->After(absl::Milliseconds(milliseconds), std::move(what));
  }
  std::string Written() {
    char text[100];
    ssize_t size = read(read_.get(), text, sizeof text);
    return std::string(text, size);
  }

  std::unique_ptr<Loop> loop_ = *Loop::Create();
  UniqueFd read_, write_;
};

TEST_F(Score, IsGivenUpForLaunchesAndHadAgainAfterTheLast) {
  OomScore score(loop_.get(), UniqueFd(dup(write_.get())), -500);
  At(0, [&] { EXPECT_TRUE(score.LaunchBegins().ok()); });
  At(10, [&] { EXPECT_TRUE(score.LaunchBegins().ok()); });
  At(20, [&] { score.LaunchEnds(); });
  At(300, [&] { score.LaunchEnds(); });
  At(310, [&] { (void)write(write_.get(), "|", 1); });
  At(600, [&] { EXPECT_TRUE(score.LaunchBegins().ok()); });
  At(600, [&] { loop_->Stop(); });
  loop_->Run();
  EXPECT_EQ(Written(), "0|-5000");
}

}  // namespace
}  // namespace cram
