#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pack/base/size.h"

namespace cram {
namespace {

uint64_t Parsed(absl::string_view text) {
  absl::StatusOr<uint64_t> size = ParseSize(text);
  EXPECT_TRUE(size.ok()) << text;
  return size.value_or(0);
}

TEST(Size, ReadsPowersOf1024) {
  EXPECT_EQ(Parsed("64K"), 64 * kKiB);
  EXPECT_EQ(Parsed("200M"), 200 * kMiB);
  EXPECT_EQ(Parsed("200mb"), 200 * kMiB);
  EXPECT_EQ(Parsed("200MiB"), 200 * kMiB);
  EXPECT_EQ(Parsed("1.5G"), 1536 * kMiB);
  EXPECT_EQ(Parsed("2T"), 2048 * kGiB);
}

TEST(Size, ABareNumberIsMegabytesAsInSlurm) {
  EXPECT_EQ(Parsed("200"), 200 * kMiB);
}

TEST(Size, RefusesWhatIsNoSize) {
  for (const char* text : {"", "0", "-5", "M", "5X", "5MM", "1.2.3G", "5 M",
                           "inf", "nan", "0x10", "99999999999T", "."}) {
    absl::StatusOr<uint64_t> size = ParseSize(text);
    ASSERT_FALSE(size.ok()) << text;
    EXPECT_NE(size.status().message().find("is not a size"),
              absl::string_view::npos);
  }
}

TEST(Size, OfACapIsAtLeastAMegabyte) {
  EXPECT_EQ(*ParseCap("1"), kMiB);
  EXPECT_EQ(*ParseCap("1024K"), kMiB);
  EXPECT_FALSE(ParseCap("1000000B").ok());
  EXPECT_THAT(std::string(ParseCap("1023K").status().message()),
              testing::HasSubstr("below the least one, 1M"));
  EXPECT_FALSE(ParseCap("much").ok());
}

TEST(Size, PrintsInTheUnitThatWasAskedFor) {
  EXPECT_EQ(FormatSize(200 * kMiB, 'K'), "204800K");
  EXPECT_EQ(FormatSize(200 * kMiB, 'M'), "200M");
  EXPECT_EQ(FormatSize(200 * kMiB, 'G'), "0.20G");
  EXPECT_EQ(FormatSize(0, 'M'), "0");
}

TEST(Size, PrintsShortForPeople) {
  EXPECT_EQ(FormatSize(512), "0.50K");
  EXPECT_EQ(FormatSize(1), "0.01K");
  EXPECT_EQ(FormatSize(kKiB), "1K");
  EXPECT_EQ(FormatSize(kMiB - 1), "1024.00K");
  EXPECT_EQ(FormatSize(1536 * kMiB), "1.50G");
}

TEST(Size, PrintsExactlyAsSacct) {
  EXPECT_EQ(FormatExactSize(0), "0");
  EXPECT_EQ(FormatExactSize(1000), "1000");
  EXPECT_EQ(FormatExactSize(4 * kKiB), "4K");
  EXPECT_EQ(FormatExactSize(1536), "1.50K");
  EXPECT_EQ(FormatExactSize(204801 * kKiB), "204801K");
  EXPECT_EQ(FormatExactSize(200 * kMiB), "200M");
  EXPECT_EQ(FormatExactSize(2560 * kMiB), "2.50G");
}

}  // namespace
}  // namespace cram
