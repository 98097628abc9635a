#include "pack/base/run_options.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pack/base/duration.h"
#include "pack/base/io.h"
#include "pack/base/size.h"

namespace cram {
namespace {

absl::Status ParseCount(absl::string_view value, uint32_t least,
                        uint32_t* count) {
  uint32_t number;
  if (value.empty() || value[0] == '-' || value[0] == '+' ||
      !absl::SimpleAtoi(value, &number) || number < least) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", value, "' is not a whole number of at least ", least));
  }
  *count = number;
  return absl::OkStatus();
}

absl::Status ParseMemory(absl::string_view value, RunOptions* options) {
  options->mem_share = value == "share";
  options->mem_auto = value == "auto";
  options->mem_bytes = 0;
  if (options->mem_share || options->mem_auto) return absl::OkStatus();
  absl::StatusOr<uint64_t> size = ParseCap(value);
  if (!size.ok()) return size.status();
  options->mem_bytes = *size;
  return absl::OkStatus();
}

absl::Status ParseOomRetry(absl::string_view value, RunOptions* options) {
  std::pair<absl::string_view, absl::string_view> words =
      absl::StrSplit(value, absl::MaxSplits(':', 1));
  double factor;
  if (!absl::SimpleAtod(words.first, &factor) || !std::isfinite(factor) ||
      factor <= 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", words.first, "' is not a factor above 1 (examples: 2, 1.5:32G)"));
  }
  uint64_t most = 0;
  if (absl::StrContains(value, ':')) {
    absl::StatusOr<uint64_t> size = ParseCap(words.second);
    if (!size.ok()) return size.status();
    most = *size;
  }
  options->oom_factor = factor;
  options->oom_max_bytes = most;
  return absl::OkStatus();
}

absl::Status ParseRetry(absl::string_view value, RunOptions* options) {
  std::pair<absl::string_view, absl::string_view> words =
      absl::StrSplit(value, absl::MaxSplits(':', 1));
  options->retry_codes.reset();
  if (words.first.size() < value.size()) {
    absl::StatusOr<RetryCodes> codes = RetryCodes::Parse(words.second);
    if (!codes.ok()) return codes.status();
    options->retry_codes = *codes;
  }
  return ParseCount(words.first, 0, &options->retry);
}

// A number alone is seconds, as sbatch takes it.
absl::StatusOr<absl::Duration> ParseNotice(absl::string_view text) {
  uint32_t seconds;
  if (absl::SimpleAtoi(text, &seconds)) return absl::Seconds(seconds);
  absl::StatusOr<absl::Duration> notice = ParseDuration(text);
  if (notice.ok()) return notice;
  return absl::InvalidArgumentError(
      absl::StrCat("'", text, "' is not a time (examples: 120, 90s, 5m)"));
}

absl::Status ParseEndSignal(absl::string_view value, RunOptions* options) {
  std::pair<absl::string_view, absl::string_view> words =
      absl::StrSplit(value, absl::MaxSplits('@', 1));
  std::optional<int> signal = ParseSignal(words.first);
  if (!signal) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", words.first, "' is no signal (examples: USR1@120, TERM)"));
  }
  options->end_signal = *signal;
  if (!absl::StrContains(value, '@')) return absl::OkStatus();
  absl::StatusOr<absl::Duration> notice = ParseNotice(words.second);
  if (!notice.ok()) return notice.status();
  if (*notice < kLeastNotice) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", words.second, "' is less than ",
                     absl::ToInt64Seconds(kLeastNotice), " seconds"));
  }
  options->end_notice = *notice;
  return absl::OkStatus();
}

absl::Status ParseMode(absl::string_view value, RunOptions* options) {
  absl::StatusOr<MemMode> mode = ParseMemMode(value);
  if (!mode.ok()) return mode.status();
  options->mem_mode = *mode;
  return absl::OkStatus();
}

absl::Status ParseTell(absl::string_view value, RunOptions* options) {
  absl::StatusOr<KnobSet> knobs = ParseKnobs(value);
  if (!knobs.ok()) return knobs.status();
  options->tell = *knobs;
  return absl::OkStatus();
}

absl::Status ParseMaxFailures(absl::string_view value, RunOptions* options) {
  options->max_failures.reset();
  options->max_failures_pc.reset();
  absl::string_view number = value;
  if (absl::ConsumeSuffix(&number, "%")) {
    double percent;
    if (absl::SimpleAtod(number, &percent) && percent >= 0 && percent <= 100) {
      options->max_failures_pc = percent;
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(
        absl::StrCat("'", value, "' is not a percentage from 0% to 100%"));
  }
  uint32_t count;
  absl::Status status = ParseCount(value, 0, &count);
  if (status.ok()) options->max_failures = count;
  return status;
}

void ParseOutput(absl::string_view value, RunOptions* options) {
  static constexpr std::pair<absl::string_view, OutputMode> kModes[] = {
      {"packed", OutputMode::kPacked}, {"rank0", OutputMode::kRank0},
      {"all", OutputMode::kAll},       {"none", OutputMode::kNone},
      {"system", OutputMode::kSystem},
  };
  options->output = OutputMode::kTemplate;
  options->output_template = std::string(value);
  for (const auto& [name, mode] : kModes) {
    if (value == name) options->output = mode;
  }
}

absl::Status ParseOutputLimit(absl::string_view value, RunOptions* options) {
  options->output_limit = 0;
  options->output_limit_kills = absl::ConsumeSuffix(&value, ":kill");
  if (value == "0" && !options->output_limit_kills) return absl::OkStatus();
  absl::StatusOr<uint64_t> size = ParseSize(value);
  if (!size.ok()) return size.status();
  options->output_limit = *size;
  return absl::OkStatus();
}

absl::Status Parse(absl::string_view name, absl::string_view value,
                   RunOptions* options) {
  if (name == "mem") return ParseMemory(value, options);
  if (name == "mem-mode") return ParseMode(value, options);
  if (name == "tell") return ParseTell(value, options);
  if (name == "slots") return ParseCount(value, 1, &options->slots);
  if (name == "retry") return ParseRetry(value, options);
  if (name == "signal") return ParseEndSignal(value, options);
  if (name == "oom-retry") return ParseOomRetry(value, options);
  if (name == "max-failures") return ParseMaxFailures(value, options);
  if (name == "output-limit") return ParseOutputLimit(value, options);
  for (auto [flag, set] : {std::pair("view", &RunOptions::view),
                           std::pair("progress", &RunOptions::progress),
                           std::pair("release", &RunOptions::release)}) {
    if (name != flag) continue;
    options->*set = true;
    return absl::OkStatus();
  }
  if (value.empty()) return absl::InvalidArgumentError("an empty value");
  if (name == "time") {
    absl::StatusOr<absl::Duration> limit = ParseDuration(value);
    if (!limit.ok()) return limit.status();
    options->time_limit = *limit;
  } else if (name == "output") {
    ParseOutput(value, options);
  } else if (name == "dir") {
    options->dir = AbsolutePath(value);
  } else if (name == "resume") {
    options->resume = std::string(value);
  } else {
    return absl::InvalidArgumentError("no such option");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RunOptions::Set(absl::string_view name, absl::string_view value) {
  return WithContext(absl::StrCat("--", name), Parse(name, value, this));
}

uint64_t RunOptions::FailuresAllowed(uint64_t subjobs) const {
  if (max_failures) return *max_failures;
  if (max_failures_pc) {
    return static_cast<uint64_t>(static_cast<double>(subjobs) *
                                 *max_failures_pc / 100.0);
  }
  return UINT64_MAX;
}

}  // namespace cram
