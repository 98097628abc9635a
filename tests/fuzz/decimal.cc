// A decimal number survives being written and read, at any scale with which it
// has no more digits than are read.
#include "pack/manifest/decimal.h"

#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using cram::Decimal;
  absl::StatusOr<Decimal> number = Decimal::Parse(cram::TextOf(data, size));
  if (!number.ok()) return 0;
  REQUIRE(number->scale <= cram::kMaxDecimalScale);
  for (uint32_t scale = number->scale; scale <= cram::kMaxDecimalScale;
       ++scale) {
    absl::StatusOr<Decimal> wider = number->WithScale(scale);
    constexpr int64_t kTooLong = 1000000000000000000;
    if (!wider.ok() || wider->digits <= -kTooLong || wider->digits >= kTooLong)
      break;
    absl::StatusOr<Decimal> again =
        Decimal::Parse(cram::FormatDecimal(wider->digits, scale));
    REQUIRE(again.ok() && again->digits == wider->digits);
    REQUIRE(again->scale == scale);
  }
  return 0;
}
