#include "pack/base/size.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace cram {
namespace {

constexpr absl::string_view kUnits = "KMGTP";

absl::Status NotASize(absl::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", text,
                   "' is not a size (examples: 200M, 1.5G; a bare number is "
                   "megabytes)"));
}

std::string Amount(double amount, char unit) {
  bool whole = amount == std::floor(amount);
  return absl::StrFormat("%.*f%c", whole ? 0 : 2, amount, unit);
}

}  // namespace

absl::StatusOr<uint64_t> ParseSize(absl::string_view text) {
  size_t digits = text.find_first_not_of("0123456789.");
  if (digits == absl::string_view::npos) digits = text.size();
  double number;
  if (digits == 0 || !absl::SimpleAtod(text.substr(0, digits), &number)) {
    return NotASize(text);
  }
  std::string suffix = absl::AsciiStrToUpper(text.substr(digits));
  double factor = kMiB;
  if (!suffix.empty()) {
    size_t power = kUnits.find(suffix[0]);
    absl::string_view rest = absl::string_view(suffix).substr(1);
    if (power == absl::string_view::npos ||
        !(rest.empty() || rest == "B" || rest == "IB")) {
      return NotASize(text);
    }
    factor = std::pow(1024.0, static_cast<double>(power + 1));
  }
  double bytes = number * factor;
  if (!(bytes >= 1) || bytes >= std::ldexp(1.0, 63)) return NotASize(text);
  return static_cast<uint64_t>(bytes);
}

absl::StatusOr<uint64_t> ParseCap(absl::string_view text) {
  absl::StatusOr<uint64_t> bytes = ParseSize(text);
  if (bytes.ok() && *bytes < kLeastCap) {
    return absl::InvalidArgumentError(absl::StrCat("a cap of '", text,
                                                   "' is below the least one, ",
                                                   FormatSize(kLeastCap)));
  }
  return bytes;
}

std::string FormatSize(uint64_t bytes, char unit) {
  if (bytes == 0) return "0";
  size_t power = kUnits.find(unit);
  if (power == absl::string_view::npos) {
    power = 0;
    while (power + 1 < kUnits.size() && (bytes >> (10 * (power + 2))) != 0) {
      ++power;
    }
  }
  double amount = static_cast<double>(bytes) /
                  std::pow(1024.0, static_cast<double>(power + 1));
  // What there is does not read as nothing.
  return Amount(std::max(amount, 0.01), kUnits[power]);
}

std::string FormatExactSize(uint64_t bytes) {
  double amount = static_cast<double>(bytes);
  size_t power = 0;
  while (power < kUnits.size() && amount >= 1024 &&
         std::fmod(amount, 512) == 0) {
    amount /= 1024;
    ++power;
  }
  if (power == 0) return absl::StrCat(bytes);
  return Amount(amount, kUnits[power - 1]);
}

}  // namespace cram
