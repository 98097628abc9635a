// A time that was taken can be written and read again, to the second.
#include "pack/base/duration.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  absl::StatusOr<absl::Duration> time =
      cram::ParseDuration(cram::TextOf(data, size));
  if (!time.ok()) return 0;
  REQUIRE(*time > absl::ZeroDuration());
  (void)cram::FormatCpuTime(*time);
  std::string text = cram::FormatElapsed(*time);
  // Days beyond what anybody means are not read.
  if (*time < absl::Seconds(1) || *time > absl::Hours(24e8)) return 0;
  absl::StatusOr<absl::Duration> again = cram::ParseDuration(text);
  REQUIRE(again.ok());
  REQUIRE(*again == absl::Trunc(*time, absl::Seconds(1)));
  return 0;
}
