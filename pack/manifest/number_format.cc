#include "pack/manifest/number_format.h"

#include <math.h>
#include <stdio.h>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace cram {
namespace {

// Wider is a mistake, and would let a few bytes ask for gigabytes.
constexpr int kMostWidth = 255;

bool ConsumeNumber(absl::string_view* text, int* number) {
  *number = 0;
  while (!text->empty() && absl::ascii_isdigit(text->front())) {
    *number = *number * 10 + (text->front() - '0');
    if (*number > kMostWidth) return false;
    text->remove_prefix(1);
  }
  return true;
}

bool IsFloatType(char type) {
  return absl::string_view("eEfFgG").find(type) != absl::string_view::npos;
}

// Takes the sign off; whether it was a minus.
bool ConsumeSign(absl::string_view* value) {
  if (absl::ConsumePrefix(value, "-")) return true;
  absl::ConsumePrefix(value, "+");
  return false;
}

bool AllDigits(absl::string_view text) {
  for (char c : text) {
    if (!absl::ascii_isdigit(c)) return false;
  }
  return !text.empty();
}

absl::Status NotA(absl::string_view value, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", value, "' is not a ", what));
}

}  // namespace

absl::StatusOr<NumberFormat> NumberFormat::Parse(absl::string_view spec) {
  NumberFormat format;
  absl::string_view rest = spec;
  bool good = !spec.empty();
  format.plain_ = false;
  format.plus_ = absl::ConsumePrefix(&rest, "+");
  format.zero_ = absl::ConsumePrefix(&rest, "0");
  good = good && ConsumeNumber(&rest, &format.width_);
  if (good && absl::ConsumePrefix(&rest, ".")) {
    good = !rest.empty() && absl::ascii_isdigit(rest[0]) &&
           ConsumeNumber(&rest, &format.precision_);
  }
  if (good && rest.size() == 1) {
    format.type_ = rest[0];
    good = IsFloatType(rest[0]) || rest == "d" || rest == "x" || rest == "X";
    rest.remove_prefix(1);
  }
  if (format.precision_ >= 0 && !IsFloatType(format.type_)) good = false;
  if (!good || !rest.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", spec, "' is not a format; formats look like 08d, ",
                     "8, .3f, .6g, e or x"));
  }
  return format;
}

absl::Status NumberFormat::Append(absl::string_view value,
                                  std::string* out) const {
  if (plain_) {
    out->append(value.data(), value.size());
    return absl::OkStatus();
  }
  if (type_ == 'd') return AppendInteger(value, out);
  if (type_ == 'x' || type_ == 'X') return AppendHexadecimal(value, out);
  if (type_ != '\0') return AppendFloat(value, out);
  double number;
  if (needs_number() && !absl::SimpleAtod(value, &number)) {
    return NotA(value, "number");
  }
  bool negative = needs_number() && ConsumeSign(&value);
  AppendPadded(negative, value, out);
  return absl::OkStatus();
}

// By text, so that no whole number is too long for it.
absl::Status NumberFormat::AppendInteger(absl::string_view value,
                                         std::string* out) const {
  absl::string_view digits = value;
  bool negative = ConsumeSign(&digits);
  if (!AllDigits(digits)) return NotA(value, "whole number");
  while (digits.size() > 1 && digits[0] == '0') digits.remove_prefix(1);
  AppendPadded(negative && digits != "0", digits, out);
  return absl::OkStatus();
}

absl::Status NumberFormat::AppendHexadecimal(absl::string_view value,
                                             std::string* out) const {
  absl::string_view digits = value;
  bool negative = ConsumeSign(&digits);
  uint64_t number;
  if (!AllDigits(digits) || !absl::SimpleAtoi(digits, &number)) {
    return NotA(value, "whole number below 2^64");
  }
  std::string text = absl::StrCat(absl::Hex(number));
  if (type_ == 'X') absl::AsciiStrToUpper(&text);
  AppendPadded(negative && number != 0, text, out);
  return absl::OkStatus();
}

absl::Status NumberFormat::AppendFloat(absl::string_view value,
                                       std::string* out) const {
  double number;
  if (!absl::SimpleAtod(value, &number)) return NotA(value, "number");
  char conversion[] = {'%', '.', '*', type_, '\0'};
  char text[kMostWidth + 400];  // the digits of DBL_MAX before the point
  int size = snprintf(text, sizeof text, conversion,
                      precision_ < 0 ? 6 : precision_, fabs(number));
  AppendPadded(signbit(number), absl::string_view(text, size), out);
  return absl::OkStatus();
}

void NumberFormat::AppendPadded(bool negative, absl::string_view digits,
                                std::string* out) const {
  absl::string_view sign = negative ? "-" : plus_ ? "+" : "";
  size_t used = sign.size() + digits.size();
  size_t width = static_cast<size_t>(width_);
  size_t fill = width > used ? width - used : 0;
  if (!zero_) out->append(fill, ' ');
  out->append(sign.data(), sign.size());
  if (zero_) out->append(fill, '0');
  out->append(digits.data(), digits.size());
}

}  // namespace cram
