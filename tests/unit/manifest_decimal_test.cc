#include <gtest/gtest.h>

#include "pack/manifest/decimal.h"

namespace cram {
namespace {

std::string RoundTrip(absl::string_view text) {
  absl::StatusOr<Decimal> decimal = Decimal::Parse(text);
  if (!decimal.ok()) return "error";
  return FormatDecimal(decimal->digits, decimal->scale);
}

TEST(Decimal, KeepsItsDigits) {
  EXPECT_EQ(RoundTrip("0"), "0");
  EXPECT_EQ(RoundTrip("-12"), "-12");
  EXPECT_EQ(RoundTrip("+0.50"), "0.50");
  EXPECT_EQ(RoundTrip("-.05"), "-0.05");
  EXPECT_EQ(RoundTrip("007"), "7");
  EXPECT_EQ(RoundTrip("2."), "2");
}

TEST(Decimal, ReadsExponents) {
  EXPECT_EQ(RoundTrip("1e-3"), "0.001");
  EXPECT_EQ(RoundTrip("1.5E3"), "1500");
  EXPECT_EQ(RoundTrip("-2e0"), "-2");
}

TEST(Decimal, RefusesWhatIsNoNumberOrTooLong) {
  for (const char* text : {"", "-", ".", "1x", "x", "1e", "1e999", "0x10", "1 ",
                           "1.2.3", "1234567890123456789", "1e-19"}) {
    EXPECT_EQ(RoundTrip(text), "error") << text;
  }
}

TEST(Decimal, TakesALargerScaleOrSaysThatItCannot) {
  absl::StatusOr<Decimal> decimal = Decimal::Parse("1.5")->WithScale(3);
  ASSERT_TRUE(decimal.ok());
  EXPECT_EQ(decimal->digits, 1500);
  EXPECT_FALSE(Decimal::Parse("999999999999999999")->WithScale(18).ok());
}

}  // namespace
}  // namespace cram
