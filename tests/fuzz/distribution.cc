// A distribution that passes its check has values, and is read as it is
// written. Input: the text of one, or a serialized cram.Distribution.
#include "pack/manifest/distribution.h"

#include <math.h>

#include "absl/strings/numbers.h"
#include "tests/fuzz/target.h"

namespace {

void CheckValues(const cram::Distribution& distribution) {
  for (double u : {0x1p-53, 0.1, 0.5, 0.9, 1 - 0x1p-53}) {
    std::string value = cram::ValueAt(distribution, u);
    if (distribution.kind() == cram::Distribution::CHOICE) continue;
    double number;
    REQUIRE(absl::SimpleAtod(value, &number) && std::isfinite(number));
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  absl::string_view bytes = cram::TextOf(data, size);
  if (cram::LooksLikeDistribution(bytes)) {
    absl::StatusOr<cram::Distribution> read = cram::ParseDistribution(bytes);
    if (!read.ok()) return 0;
    CheckValues(*read);
    std::string text = cram::FormatDistribution(*read);
    read = cram::ParseDistribution(text);
    REQUIRE(read.ok() && cram::FormatDistribution(*read) == text);
    return 0;
  }
  cram::Distribution foreign;
  if (!foreign.ParseFromArray(data, static_cast<int>(size))) return 0;
  if (cram::CheckDistribution(foreign).ok()) CheckValues(foreign);
  return 0;
}
