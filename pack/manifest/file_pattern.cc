#include "pack/manifest/file_pattern.h"

#include <stdint.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "pack/manifest/template.h"

namespace cram {
namespace {

constexpr uint64_t kMaxWidth = 10;  // slurmstepd's

std::string Number(absl::string_view name, uint64_t width) {
  std::string format = width == 0 ? "" : absl::StrCat(":0", width, "d");
  return absl::StrCat("{", name, format, "}");
}

std::string Zeros(uint64_t width) {
  return std::string(std::max<uint64_t>(width, 1), '0');
}

// Nothing for what Slurm does not know.
std::string Filled(char what, uint64_t width, absl::string_view job_name,
                   absl::string_view task) {
  std::string job = Number("$SLURM_JOB_ID", width);
  switch (what) {
    case 'a':
      return Number(task, width);
    case 'A':
      return job;
    case 'j':
    case 'J':
      return absl::StrCat(job, "_", Number(task, 0));
    case 'n':
    case 't':
      return Zeros(width);
    case 'N':
      return "{$CRAM_NODE}";
    case 's':
      return "batch";
    case 'u':
      return "{$USER}";
    case 'x':
      return PlainText(job_name);
    default:
      return "";
  }
}

// Without the backslashes that protect another character.
std::string Unescaped(absl::string_view pattern) {
  std::string text;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && ++i == pattern.size()) break;
    text.push_back(pattern[i]);
  }
  return text;
}

}  // namespace

std::string FilePatternText(absl::string_view pattern,
                            absl::string_view job_name,
                            absl::string_view task) {
  if (pattern.find('\\') != absl::string_view::npos) {
    return PlainText(Unescaped(pattern));
  }
  std::string text;
  for (size_t i = 0; i < pattern.size(); ++i) {
    absl::string_view rest = pattern.substr(i + 1);
    if (pattern[i] != '%' || rest.empty()) {
      absl::StrAppend(&text, PlainText(pattern.substr(i, 1)));
      continue;
    }
    if (rest[0] == '%') {
      text.push_back('%');
      ++i;
      continue;
    }
    size_t digits = 0;
    while (digits < rest.size() && absl::ascii_isdigit(rest[digits])) ++digits;
    uint64_t width = 0;
    if (digits > 0 && !absl::SimpleAtoi(rest.substr(0, digits), &width)) {
      width = kMaxWidth;
    }
    std::string filled =
        digits == rest.size()
            ? ""
            : Filled(rest[digits], std::min(width, kMaxWidth), job_name, task);
    if (filled.empty()) {
      text.push_back('%');
      continue;
    }
    text += filled;
    i += digits + 1;
  }
  return text;
}

}  // namespace cram
