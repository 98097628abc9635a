#include <gtest/gtest.h>

#include "pack/base/idle.h"
#include "pack/journal/sign_of_life.h"
#include "spank/agent/agent/standing_news.h"

namespace cram {
namespace {

Standing At(int64_t second, Idle idle, uint64_t unstarted) {
  Standing standing;
  standing.set_time_ns(second * 1000000000);
  standing.set_idle(static_cast<uint32_t>(idle));
  standing.set_unstarted(unstarted);
  return standing;
}

TEST(StandingNews, WhySlotsAreIdleIsWorthARecordAtOnce) {
  StandingNews news;
  Standing busy = At(100, Idle::kNot, 50);
  ASSERT_TRUE(news.IsDue(busy));
  ASSERT_TRUE(news.Take(busy));
  Standing idle = At(101, Idle::kMemory, 50);
  EXPECT_TRUE(news.IsDue(idle));
  EXPECT_TRUE(news.Take(idle));
}

TEST(StandingNews, HowManyWaitIsWorthOneNowAndThen) {
  StandingNews news;
  ASSERT_TRUE(news.Take(At(100, Idle::kNot, 50)));
  EXPECT_FALSE(news.IsDue(At(109, Idle::kNot, 40)));
  EXPECT_TRUE(news.IsDue(At(110, Idle::kNot, 40)));
  EXPECT_TRUE(news.Take(At(110, Idle::kNot, 40)));
  // And only when it has changed.
  EXPECT_TRUE(news.IsDue(At(120, Idle::kNot, 40)));
  EXPECT_FALSE(news.Take(At(120, Idle::kNot, 40)));
}

TEST(StandingNews, SoIsHowLargeTheyAreThatRun) {
  StandingNews news;
  ASSERT_TRUE(news.Take(At(100, Idle::kNot, 50)));
  Standing now = At(110, Idle::kNot, 50);
  now.add_peaks()->set_bytes(1000);
  EXPECT_TRUE(news.Take(now));
  now.set_time_ns(120 * int64_t{1000000000});
  EXPECT_FALSE(news.Take(now));
}

TEST(StandingNews, TheSameIsSaidAgainAsASignOfLife) {
  StandingNews news;
  ASSERT_TRUE(news.Take(At(100, Idle::kNot, 50)));
  int64_t wait = absl::ToInt64Seconds(kSignOfLife);
  EXPECT_FALSE(news.Take(At(99 + wait, Idle::kNot, 50)));
  EXPECT_TRUE(news.Take(At(100 + wait, Idle::kNot, 50)));
  EXPECT_FALSE(news.Take(At(101 + wait, Idle::kNot, 50)));
}

}  // namespace
}  // namespace cram
