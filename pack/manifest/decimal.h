// Decimal numbers that stay decimal.
#pragma once

#include <stdint.h>

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cram {

// digits / 10^scale.
struct Decimal {
  int64_t digits = 0;
  uint32_t scale = 0;

  // "12", "-0.50" (scale 2), "1e-3" (scale 3). Error: not a number, or more
  // than 18 digits.
  static absl::StatusOr<Decimal> Parse(absl::string_view text);
  // The same number with a larger scale. Error: too many digits.
  absl::StatusOr<Decimal> WithScale(uint32_t larger) const;
};

inline constexpr uint32_t kMaxDecimalScale = 18;

// digits / 10^scale, written with exactly `scale` digits after the point.
std::string FormatDecimal(int64_t digits, uint32_t scale);

}  // namespace cram
