#include "pack/manifest/array_tasks.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace cram {
namespace {

// Slurm's task ids are uint32, of which the two highest mean something else.
constexpr uint64_t kMaxTask = UINT32_MAX - 2;

// Ranges that reach into each other are taken apart, one task at a time.
constexpr uint64_t kMaxTakenApart = 1'000'000;

// A range of no more than so many tasks is listed.
constexpr uint64_t kListed = 2;

bool ParseNumber(absl::string_view text, uint64_t* number) {
  return !text.empty() && text[0] != '-' && text[0] != '+' &&
         absl::SimpleAtoi(text, number);
}

bool ParseRange(absl::string_view text, ArrayTasks::Range* range) {
  uint64_t last;
  std::pair<absl::string_view, absl::string_view> ends =
      absl::StrSplit(text, absl::MaxSplits('-', 1));
  if (!ParseNumber(ends.first, &range->first)) return false;
  if (text.find('-') == absl::string_view::npos) {
    return range->first <= kMaxTask;
  }
  std::pair<absl::string_view, absl::string_view> step =
      absl::StrSplit(ends.second, absl::MaxSplits(':', 1));
  bool has_step = ends.second.find(':') != absl::string_view::npos;
  if (!ParseNumber(step.first, &last) || last > kMaxTask ||
      last < range->first ||
      (has_step &&
       (!ParseNumber(step.second, &range->step) || range->step == 0))) {
    return false;
  }
  range->count = (last - range->first) / range->step + 1;
  if (range->count == 1) range->step = 1;
  return true;
}

// Whether sorted ranges are apart; those that are not but have no gaps become
// one.
bool Join(std::vector<ArrayTasks::Range>* ranges) {
  std::vector<ArrayTasks::Range> joined;
  for (const ArrayTasks::Range& range : *ranges) {
    if (joined.empty() || joined.back().last() < range.first) {
      joined.push_back(range);
      continue;
    }
    ArrayTasks::Range& before = joined.back();
    if (before.step != 1 || range.step != 1) return false;
    before.count = std::max(before.last(), range.last()) - before.first + 1;
  }
  *ranges = std::move(joined);
  return true;
}

absl::Status TakeApart(std::vector<ArrayTasks::Range>* ranges) {
  uint64_t total = 0;
  for (const ArrayTasks::Range& range : *ranges) total += range.count;
  if (total > kMaxTakenApart) {
    return absl::InvalidArgumentError(absl::StrCat(
        "ranges with steps that reach into each other, and more than ",
        kMaxTakenApart, " tasks; write it in ranges that do not"));
  }
  std::vector<uint64_t> tasks;
  for (const ArrayTasks::Range& range : *ranges) {
    for (uint64_t i = 0; i < range.count; ++i) {
      tasks.push_back(range.first + i * range.step);
    }
  }
  std::sort(tasks.begin(), tasks.end());
  tasks.erase(std::unique(tasks.begin(), tasks.end()), tasks.end());
  ranges->clear();
  for (uint64_t task : tasks) {
    ArrayTasks::Range* last = ranges->empty() ? nullptr : &ranges->back();
    if (last != nullptr && last->count == 1) {
      last->step = task - last->first;
      last->count = 2;
    } else if (last != nullptr && last->last() + last->step == task) {
      ++last->count;
    } else {
      ranges->push_back({task, 1, 1});
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ArrayTasks> ArrayTasks::Parse(absl::string_view text) {
  auto refuse = [text] {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", text, "' is no array of tasks, such as 0-99, 1,5,9-20 or 0-90:10",
        "; the highest task is ", kMaxTask));
  };
  ArrayTasks tasks;
  absl::string_view rest = text;
  size_t percent = rest.find('%');
  if (percent != absl::string_view::npos) {
    if (!ParseNumber(rest.substr(percent + 1), &tasks.limit)) return refuse();
    rest = rest.substr(0, percent);
  }
  if (absl::ConsumePrefix(&rest, "[") && !absl::ConsumeSuffix(&rest, "]")) {
    return refuse();
  }
  for (absl::string_view part : absl::StrSplit(rest, ',')) {
    Range range;
    if (!ParseRange(part, &range)) return refuse();
    tasks.ranges.push_back(range);
  }
  size_t colon = rest.find(':');
  if (colon != absl::string_view::npos) {
    absl::string_view step = rest.substr(colon + 1);
    (void)absl::SimpleAtoi(step.substr(0, step.find(',')), &tasks.step);
  }
  std::stable_sort(
      tasks.ranges.begin(), tasks.ranges.end(),
      [](const Range& a, const Range& b) { return a.first < b.first; });
  if (!Join(&tasks.ranges)) {
    absl::Status status = TakeApart(&tasks.ranges);
    if (!status.ok()) return status;
  }
  for (const Range& range : tasks.ranges) tasks.count += range.count;
  return tasks;
}

std::vector<Axis> ArrayTasks::ToAxes(const std::string& name) const {
  std::vector<Axis> axes;
  for (const Range& range : ranges) {
    if (range.count > kListed) {
      axes.emplace_back().set_name(name);
      cram::Range* to = axes.back().mutable_range();
      to->set_first(static_cast<int64_t>(range.first));
      to->set_step(static_cast<int64_t>(range.step));
      to->set_count(range.count);
      continue;
    }
    if (axes.empty() || !axes.back().has_list()) {
      axes.emplace_back().set_name(name);
    }
    ValueList* list = axes.back().mutable_list();
    for (uint64_t i = 0; i < range.count; ++i) {
      list->add_values(absl::StrCat(range.first + i * range.step));
    }
  }
  return axes;
}

}  // namespace cram
