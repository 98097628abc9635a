// A size that was taken can be written, and read again when nothing is lost.
#include <ctype.h>

#include "pack/base/size.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  absl::StatusOr<uint64_t> bytes = cram::ParseSize(cram::TextOf(data, size));
  if (!bytes.ok()) return 0;
  REQUIRE(*bytes > 0);
  for (char unit : absl::string_view("KMGTP")) {
    REQUIRE(cram::FormatSize(*bytes, unit).back() == unit);
  }
  constexpr uint64_t kShownAsZero = 6;  // 0.00K
  REQUIRE(*bytes < kShownAsZero ||
          cram::ParseSize(cram::FormatSize(*bytes)).ok());
  std::string exact = cram::FormatExactSize(*bytes);
  if (isdigit(exact.back()) != 0) return 0;  // bytes, which ParseSize has not
  absl::StatusOr<uint64_t> again = cram::ParseSize(exact);
  REQUIRE(again.ok() && *again == *bytes);
  return 0;
}
