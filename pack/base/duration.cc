#include "pack/base/duration.h"

#include <stdint.h>

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

namespace cram {
namespace {

constexpr uint32_t kLargestPart = 100000000;

absl::Status NotATime(absl::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", text,
                   "' is not a time (examples: 90s, 30 for 30 minutes, "
                   "1:30:00, 2-12:00:00)"));
}

bool ParseParts(absl::string_view text, std::vector<uint32_t>* parts) {
  for (absl::string_view part : absl::StrSplit(text, ':')) {
    uint32_t value;
    if (part.empty() ||
        part.find_first_not_of("0123456789") != absl::string_view::npos ||
        !absl::SimpleAtoi(part, &value) || value > kLargestPart) {
      return false;
    }
    parts->push_back(value);
  }
  return parts->size() <= 3;
}

absl::Duration FromParts(const std::vector<uint32_t>& parts,
                         absl::Duration first_unit) {
  absl::Duration total = absl::ZeroDuration();
  absl::Duration unit = first_unit;
  for (uint32_t part : parts) {
    total += part * unit;
    unit /= 60;
  }
  return total;
}

}  // namespace

absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text) {
  absl::Duration total;
  std::vector<uint32_t> parts;
  size_t dash = text.find('-');
  if (dash != absl::string_view::npos) {
    uint32_t days;
    if (!absl::SimpleAtoi(text.substr(0, dash), &days) || days > kLargestPart ||
        text[0] < '0' || text[0] > '9' ||
        !ParseParts(text.substr(dash + 1), &parts)) {
      return NotATime(text);
    }
    total = 24 * days * absl::Hours(1) + FromParts(parts, absl::Hours(1));
  } else if (ParseParts(text, &parts)) {
    total =
        FromParts(parts, parts.size() == 3 ? absl::Hours(1) : absl::Minutes(1));
  } else if (!absl::ParseDuration(text, &total)) {
    return NotATime(text);
  }
  if (total <= absl::ZeroDuration() || total == absl::InfiniteDuration()) {
    return NotATime(text);
  }
  return total;
}

std::string FormatElapsed(absl::Duration elapsed) {
  int64_t seconds = absl::ToInt64Seconds(elapsed);
  if (seconds < 0) seconds = 0;
  std::string clock = absl::StrFormat("%02d:%02d:%02d", seconds / 3600 % 24,
                                      seconds / 60 % 60, seconds % 60);
  int64_t days = seconds / 86400;
  return days == 0 ? clock : absl::StrCat(days, "-", clock);
}

std::string FormatCpuTime(absl::Duration cpu) {
  int64_t ms = absl::ToInt64Milliseconds(cpu);
  if (cpu >= absl::Hours(1) || ms % 1000 <= 0) return FormatElapsed(cpu);
  return absl::StrFormat("%02d:%02d.%03d", ms / 60000, ms / 1000 % 60,
                         ms % 1000);
}

}  // namespace cram
