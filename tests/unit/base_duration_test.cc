#include <gtest/gtest.h>

#include "pack/base/duration.h"

namespace cram {
namespace {

absl::Duration Parsed(absl::string_view text) {
  absl::StatusOr<absl::Duration> parsed = ParseDuration(text);
  EXPECT_TRUE(parsed.ok()) << text;
  return parsed.ok() ? *parsed : absl::ZeroDuration();
}

TEST(Duration, ReadsSlurmsFormats) {
  EXPECT_EQ(Parsed("30"), absl::Minutes(30));
  EXPECT_EQ(Parsed("1:30"), absl::Seconds(90));
  EXPECT_EQ(Parsed("1:30:05"), absl::Seconds(5405));
  EXPECT_EQ(Parsed("2-12"), absl::Hours(60));
  EXPECT_EQ(Parsed("2-12:30"), absl::Hours(60) + absl::Minutes(30));
  EXPECT_EQ(Parsed("2-00:00:01"), absl::Hours(48) + absl::Seconds(1));
}

TEST(Duration, ReadsNumbersWithUnits) {
  EXPECT_EQ(Parsed("90s"), absl::Seconds(90));
  EXPECT_EQ(Parsed("1.5h"), absl::Minutes(90));
  EXPECT_EQ(Parsed("1h30m"), absl::Minutes(90));
  EXPECT_EQ(Parsed("250ms"), absl::Milliseconds(250));
}

TEST(Duration, RefusesWhatIsNoLengthOfTime) {
  for (const char* text :
       {"", "0", "0s", "-5", "-1h", "1-", "-", ":", "1:", "1:2:3:4", "1-2-3",
        "soon", "inf", "5 ", "1,5h", "99999999999"}) {
    absl::StatusOr<absl::Duration> parsed = ParseDuration(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(parsed.status().message().find("is not a time"),
              absl::string_view::npos);
  }
}

TEST(Duration, PrintsElapsedAsSacct) {
  EXPECT_EQ(FormatElapsed(absl::ZeroDuration()), "00:00:00");
  EXPECT_EQ(FormatElapsed(absl::Seconds(-3)), "00:00:00");
  EXPECT_EQ(FormatElapsed(absl::Milliseconds(59999)), "00:00:59");
  EXPECT_EQ(FormatElapsed(absl::Seconds(86399)), "23:59:59");
  EXPECT_EQ(FormatElapsed(absl::Seconds(90061)), "1-01:01:01");
}

TEST(Duration, PrintsCpuTimeAsSacct) {
  EXPECT_EQ(FormatCpuTime(absl::ZeroDuration()), "00:00:00");
  EXPECT_EQ(FormatCpuTime(absl::Milliseconds(1)), "00:00.001");
  EXPECT_EQ(FormatCpuTime(absl::Milliseconds(61500)), "01:01.500");
  EXPECT_EQ(FormatCpuTime(absl::Seconds(61)), "00:01:01");
  EXPECT_EQ(FormatCpuTime(absl::Milliseconds(3600500)), "01:00:00");
}

}  // namespace
}  // namespace cram
