#include "pack/manifest/decimal.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace cram {
namespace {

absl::Status TooLong(absl::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", text, "' has more than ", kMaxDecimalScale, " digits"));
}

// Takes the digits off the front, and appends them.
void ConsumeDigits(absl::string_view* text, std::string* digits) {
  while (!text->empty() && absl::ascii_isdigit(text->front())) {
    digits->push_back(text->front());
    text->remove_prefix(1);
  }
}

}  // namespace

absl::StatusOr<Decimal> Decimal::Parse(absl::string_view text) {
  absl::string_view rest = text;
  bool negative = absl::ConsumePrefix(&rest, "-");
  if (!negative) absl::ConsumePrefix(&rest, "+");
  std::string digits;
  ConsumeDigits(&rest, &digits);
  size_t whole = digits.size();
  if (absl::ConsumePrefix(&rest, ".")) ConsumeDigits(&rest, &digits);
  int scale = static_cast<int>(digits.size() - whole);
  bool good = !digits.empty();
  if (good &&
      (absl::ConsumePrefix(&rest, "e") || absl::ConsumePrefix(&rest, "E"))) {
    int exponent = 0;
    good =
        absl::SimpleAtoi(rest, &exponent) && exponent >= -99 && exponent <= 99;
    rest = {};
    if (good) scale -= exponent;
  }
  if (!good || !rest.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "' is not a number"));
  }
  if (scale < 0) {
    digits.append(static_cast<size_t>(-scale), '0');
    scale = 0;
  }
  size_t zeros = digits.find_first_not_of('0');
  digits.erase(0, zeros == std::string::npos ? digits.size() - 1 : zeros);
  Decimal result;
  if (digits.size() > kMaxDecimalScale ||
      static_cast<uint32_t>(scale) > kMaxDecimalScale ||
      !absl::SimpleAtoi(digits, &result.digits)) {
    return TooLong(text);
  }
  if (negative) result.digits = -result.digits;
  result.scale = static_cast<uint32_t>(scale);
  return result;
}

absl::StatusOr<Decimal> Decimal::WithScale(uint32_t larger) const {
  Decimal result = *this;
  for (; result.scale < larger; ++result.scale) {
    if (__builtin_mul_overflow(result.digits, 10, &result.digits)) {
      return TooLong(FormatDecimal(digits, scale));
    }
  }
  return result;
}

std::string FormatDecimal(int64_t digits, uint32_t scale) {
  if (scale == 0) return absl::StrCat(digits);
  uint64_t magnitude = static_cast<uint64_t>(digits);
  if (digits < 0) magnitude = -magnitude;
  std::string text = absl::StrCat(magnitude);
  if (text.size() <= scale) text.insert(0, scale + 1 - text.size(), '0');
  text.insert(text.size() - scale, 1, '.');
  return digits < 0 ? absl::StrCat("-", text) : text;
}

}  // namespace cram
