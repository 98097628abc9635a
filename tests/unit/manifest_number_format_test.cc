#include <gtest/gtest.h>

#include "pack/manifest/number_format.h"

namespace cram {
namespace {

// The value in the format, or "!" and the error.
std::string Format(absl::string_view spec, absl::string_view value) {
  absl::StatusOr<NumberFormat> format = NumberFormat::Parse(spec);
  absl::Status status = format.status();
  std::string out;
  if (status.ok()) status = format->Append(value, &out);
  return status.ok() ? out : "!" + std::string(status.message());
}

TEST(NumberFormat, WritesWholeNumbers) {
  EXPECT_EQ(Format("d", "42"), "42");
  EXPECT_EQ(Format("5d", "-42"), "  -42");
  EXPECT_EQ(Format("05d", "-42"), "-0042");
  EXPECT_EQ(Format("+d", "42"), "+42");
  EXPECT_EQ(Format("03d", "0007"), "007");
  EXPECT_EQ(Format("2d", "12345"), "12345");
  EXPECT_EQ(Format("d", "-0"), "0");
}

TEST(NumberFormat, KeepsWholeNumbersOfAnyLength) {
  EXPECT_EQ(Format("d", "123456789012345678901234567890"),
            "123456789012345678901234567890");
}

TEST(NumberFormat, WritesHexadecimal) {
  EXPECT_EQ(Format("x", "255"), "ff");
  EXPECT_EQ(Format("04X", "255"), "00FF");
  EXPECT_EQ(Format("x", "-16"), "-10");
  EXPECT_EQ(Format("x", "18446744073709551616"),
            "!'18446744073709551616' is not a whole number below 2^64");
}

TEST(NumberFormat, WritesDecimals) {
  EXPECT_EQ(Format(".3f", "0.5"), "0.500");
  EXPECT_EQ(Format("f", "2"), "2.000000");
  EXPECT_EQ(Format("08.2f", "-1.005"), "-0001.00");
  EXPECT_EQ(Format(".2e", "12345"), "1.23e+04");
  EXPECT_EQ(Format("g", "1e-7"), "1e-07");
  EXPECT_EQ(Format(".255f", "1e308").size(), 309u + 1 + 255);
}

TEST(NumberFormat, WithoutTypeTakesAnyTextUnlessZerosAreWanted) {
  EXPECT_EQ(Format("6", "abc"), "   abc");
  EXPECT_EQ(Format("2", "abc"), "abc");
  EXPECT_EQ(Format("06", "-2.5"), "-002.5");
  EXPECT_EQ(Format("06", "abc"), "!'abc' is not a number");
}

TEST(NumberFormat, RefusesValuesOfTheWrongKind) {
  EXPECT_EQ(Format("d", "1.0"), "!'1.0' is not a whole number");
  EXPECT_EQ(Format("d", ""), "!'' is not a whole number");
  EXPECT_EQ(Format(".1f", "abc"), "!'abc' is not a number");
}

TEST(NumberFormat, RefusesFormatsThatMakeNoSense) {
  for (const char* spec : {"", "dd", "s", ".3d", ".f", "8.3", "256d", ".256f",
                           "99999999999d", "-8d", "%d", "d "}) {
    EXPECT_FALSE(NumberFormat::Parse(spec).ok()) << spec;
  }
}

}  // namespace
}  // namespace cram
