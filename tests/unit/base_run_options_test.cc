#include <gtest/gtest.h>

#include "pack/base/run_options.h"
#include "pack/base/size.h"

namespace cram {
namespace {

std::string Refusal(absl::string_view name, absl::string_view value) {
  RunOptions options;
  return std::string(options.Set(name, value).message());
}

TEST(RunOptions, TakesEveryOptionOfTheTable) {
  RunOptions options;
  EXPECT_TRUE(options.Set("mem", "200M").ok());
  EXPECT_TRUE(options.Set("mem-mode", "rlimit").ok());
  EXPECT_TRUE(options.Set("tell", "go").ok());
  EXPECT_TRUE(options.Set("slots", "4").ok());
  EXPECT_TRUE(options.Set("time", "1:30:00").ok());
  EXPECT_TRUE(options.Set("retry", "2").ok());
  EXPECT_TRUE(options.Set("oom-retry", "1.5:32G").ok());
  EXPECT_TRUE(options.Set("max-failures", "5%").ok());
  EXPECT_TRUE(options.Set("output", "rank0").ok());
  EXPECT_TRUE(options.Set("dir", "/x").ok());
  EXPECT_TRUE(options.Set("progress", "").ok());
  EXPECT_TRUE(options.Set("release", "").ok());
  EXPECT_EQ(options.mem_bytes, 200 * kMiB);
  EXPECT_EQ(options.mem_mode, MemMode::kRlimit);
  EXPECT_EQ(options.tell, KnobsOf("GOMEMLIMIT"));
  EXPECT_EQ(options.slots, 4u);
  EXPECT_EQ(options.time_limit, absl::Minutes(90));
  EXPECT_EQ(options.retry, 2u);
  EXPECT_EQ(options.oom_factor, 1.5);
  EXPECT_EQ(options.oom_max_bytes, 32 * kGiB);
  EXPECT_EQ(options.FailuresAllowed(1000), 50u);
  EXPECT_EQ(options.output, OutputMode::kRank0);
  EXPECT_EQ(options.dir, "/x");
  EXPECT_TRUE(options.progress);
  EXPECT_TRUE(options.release);
  EXPECT_FALSE(options.view);
}

TEST(RunOptions, TheLastWordCounts) {
  RunOptions options;
  ASSERT_TRUE(options.Set("mem", "200M").ok());
  ASSERT_TRUE(options.Set("mem", "share").ok());
  EXPECT_TRUE(options.mem_share);
  EXPECT_EQ(options.mem_bytes, 0u);
  ASSERT_TRUE(options.Set("mem", "auto").ok());
  EXPECT_TRUE(options.mem_auto);
  EXPECT_FALSE(options.mem_share);
  ASSERT_TRUE(options.Set("mem", "1G").ok());
  EXPECT_FALSE(options.mem_auto);
  ASSERT_TRUE(options.Set("oom-retry", "2:8G").ok());
  ASSERT_TRUE(options.Set("oom-retry", "3").ok());
  EXPECT_EQ(options.oom_max_bytes, 0u);
  ASSERT_TRUE(options.Set("max-failures", "5%").ok());
  ASSERT_TRUE(options.Set("max-failures", "3").ok());
  EXPECT_EQ(options.FailuresAllowed(1000), 3u);
}

TEST(RunOptions, GoesOnForEverWithoutALimitOfFailures) {
  EXPECT_EQ(RunOptions().FailuresAllowed(10), UINT64_MAX);
}

TEST(RunOptions, LimitsOutputWithAndWithoutAnEnd) {
  RunOptions options;
  EXPECT_EQ(options.output_limit, 16 * kMiB);
  ASSERT_TRUE(options.Set("output-limit", "1M:kill").ok());
  EXPECT_EQ(options.output_limit, kMiB);
  EXPECT_TRUE(options.output_limit_kills);
  ASSERT_TRUE(options.Set("output-limit", "2G").ok());
  EXPECT_EQ(options.output_limit, 2 * kGiB);
  EXPECT_FALSE(options.output_limit_kills);
  ASSERT_TRUE(options.Set("output-limit", "0").ok());
  EXPECT_EQ(options.output_limit, 0u);
  for (const char* bad : {"", "kill", ":kill", "0:kill", "1M:stop", "-1"}) {
    EXPECT_NE(Refusal("output-limit", bad), "") << bad;
  }
}

TEST(RunOptions, AnythingElseIsAnOutputTemplate) {
  RunOptions options;
  ASSERT_TRUE(options.Set("output", "out/{index}.txt").ok());
  EXPECT_EQ(options.output, OutputMode::kTemplate);
  EXPECT_EQ(options.output_template, "out/{index}.txt");
}

TEST(RunOptions, RefusesWithOptionAndValue) {
  EXPECT_EQ(Refusal("slots", "0"),
            "--slots: '0' is not a whole number of at least 1");
  EXPECT_EQ(Refusal("retry", "-1"),
            "--retry: '-1' is not a whole number of at least 0");
  EXPECT_NE(Refusal("mem", "lots").find("--mem: 'lots' is not a size"),
            std::string::npos);
  EXPECT_NE(Refusal("time", "soon").find("--time: 'soon' is not a time"),
            std::string::npos);
  EXPECT_NE(Refusal("max-failures", "101%").find("percentage"),
            std::string::npos);
  for (const char* factor : {"1", "0.5", "-2", "nan", "inf", "1e999", "2x"}) {
    EXPECT_EQ(Refusal("oom-retry", std::string(factor) + ":8G"),
              "--oom-retry: '" + std::string(factor) +
                  "' is not a factor above 1 (examples: 2, 1.5:32G)");
  }
  EXPECT_NE(Refusal("oom-retry", "2:").find("--oom-retry: '' is not a size"),
            std::string::npos);
  EXPECT_EQ(Refusal("dir", ""), "--dir: an empty value");
  EXPECT_EQ(Refusal("speed", "fast"), "--speed: no such option");
}

}  // namespace
}  // namespace cram
