#include "pack/manifest/axis.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pack/base/io.h"
#include "pack/manifest/decimal.h"
#include "pack/manifest/distribution.h"
#include "pack/manifest/line_reader.h"
#include "pack/manifest/template.h"

namespace cram {
namespace {

// The number of values of first..last:step.
absl::StatusOr<uint64_t> CountValues(int64_t first, int64_t last,
                                     int64_t step) {
  if (step == 0) return absl::InvalidArgumentError("a step of 0");
  if ((last > first && step < 0) || (last < first && step > 0)) {
    return absl::InvalidArgumentError(
        step < 0 ? "an empty range: the step leads away from the last value"
                 : "an empty range: to count down, give a step below 0, as in "
                   "10..0:-1");
  }
  // The difference of two may be too large for a signed number.
  uint64_t span = static_cast<uint64_t>(std::max(first, last)) -
                  static_cast<uint64_t>(std::min(first, last));
  return span / static_cast<uint64_t>(step < 0 ? -step : step) + 1;
}

absl::StatusOr<Range> ParseRange(absl::string_view first_text,
                                 absl::string_view rest) {
  std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(rest, absl::MaxSplits(':', 1));
  bool has_step = rest.find(':') != absl::string_view::npos;
  Decimal numbers[3];
  absl::string_view texts[3] = {first_text, parts.first,
                                has_step ? parts.second : "1"};
  uint32_t scale = 0;
  for (int i = 0; i < 3; ++i) {
    absl::StatusOr<Decimal> number = Decimal::Parse(texts[i]);
    if (!number.ok()) return number.status();
    numbers[i] = *number;
    scale = std::max(scale, number->scale);
  }
  for (Decimal& number : numbers) {
    absl::StatusOr<Decimal> scaled = number.WithScale(scale);
    if (!scaled.ok()) return scaled.status();
    number = *scaled;
  }
  absl::StatusOr<uint64_t> count =
      CountValues(numbers[0].digits, numbers[1].digits, numbers[2].digits);
  if (!count.ok()) return count.status();
  Range range;
  range.set_first(numbers[0].digits);
  range.set_step(numbers[2].digits);
  range.set_count(*count);
  range.set_scale(scale);
  return range;
}

absl::Status ReadValues(const std::string& path, ValueList* list) {
  absl::StatusOr<LineReader> lines = LineReader::Open(path);
  if (!lines.ok()) return lines.status();
  std::string line;
  for (;;) {
    absl::StatusOr<bool> more = lines->Next(&line);
    if (!more.ok()) return more.status();
    if (!*more) break;
    if (line.empty()) return lines->Error("an empty line is no value");
    list->add_values(line);
  }
  if (list->values_size() == 0) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": has no values"));
  }
  return absl::OkStatus();
}

absl::Status ParseList(absl::string_view text, ValueList* list) {
  for (absl::string_view value : absl::StrSplit(text, ',')) {
    if (value.empty()) {
      return absl::InvalidArgumentError("a value is empty");
    }
    list->add_values(value.data(), value.size());
  }
  return absl::OkStatus();
}

// What is before the ".." of a range; a path such as ../x is none.
bool IsRange(absl::string_view values, size_t dots) {
  return dots != absl::string_view::npos &&
         Decimal::Parse(values.substr(0, dots)).ok();
}

absl::Status ParseValues(absl::string_view values, Axis* axis) {
  if (values.empty()) return absl::InvalidArgumentError("no values");
  if (absl::ConsumePrefix(&values, "@")) {
    return ReadValues(std::string(values), axis->mutable_list());
  }
  if (LooksLikeDistribution(values)) {
    absl::StatusOr<Distribution> distribution = ParseDistribution(values);
    if (!distribution.ok()) return distribution.status();
    *axis->mutable_distribution() = *std::move(distribution);
    return absl::OkStatus();
  }
  size_t dots = values.find("..");
  if (!IsRange(values, dots)) return ParseList(values, axis->mutable_list());
  absl::StatusOr<Range> range =
      ParseRange(values.substr(0, dots), values.substr(dots + 2));
  if (!range.ok()) return range.status();
  *axis->mutable_range() = *range;
  return absl::OkStatus();
}

uint64_t AxisSize(const Axis& axis) {
  return axis.has_range() ? axis.range().count()
                          : static_cast<uint64_t>(axis.list().values_size());
}

std::string AxisNames(const Sweep& sweep) {
  return absl::StrJoin(sweep.axes(), ", ",
                       [](std::string* out, const Axis& axis) {
                         absl::StrAppend(out, axis.name());
                       });
}

}  // namespace

absl::StatusOr<Axis> ParseAxis(absl::string_view text) {
  size_t equals = text.find('=');
  if (equals == absl::string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "' is not NAME=VALUES"));
  }
  Axis axis;
  axis.set_name(std::string(text.substr(0, equals)));
  absl::Status status = CheckParameterName(axis.name());
  if (!status.ok()) return status;
  status = ParseValues(text.substr(equals + 1), &axis);
  if (!status.ok()) return WithContext(text, status);
  return axis;
}

absl::Status ZipAxes(absl::string_view names, Sweep* sweep) {
  uint32_t group = 1;
  for (const Axis& axis : sweep->axes()) {
    group = std::max(group, axis.zip_group() + 1);
  }
  std::vector<std::string> members = absl::StrSplit(names, ',');
  if (members.size() < 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", names, "' names one parameter; zip two or more"));
  }
  const Axis* first = nullptr;
  for (const std::string& name : members) {
    auto axis = std::find_if(
        sweep->mutable_axes()->begin(), sweep->mutable_axes()->end(),
        [&](const Axis& candidate) { return candidate.name() == name; });
    if (axis == sweep->mutable_axes()->end()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "no parameter '", name,
          "'; known: ", sweep->axes().empty() ? "none" : AxisNames(*sweep)));
    }
    if (axis->has_distribution()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "parameter ", name,
          " has a distribution: those that do advance together anyway"));
    }
    if (axis->zip_group() != 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("parameter ", name, " is zipped twice"));
    }
    if (first == nullptr) first = &*axis;
    if (AxisSize(*axis) != AxisSize(*first)) {
      return absl::InvalidArgumentError(absl::StrCat(
          first->name(), " has ", AxisSize(*first), " values, ", name, " ",
          AxisSize(*axis), "; zipped parameters need as many each"));
    }
    axis->set_zip_group(group);
  }
  return absl::OkStatus();
}

}  // namespace cram
