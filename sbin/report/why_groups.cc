#include "sbin/report/why_groups.h"

#include <string.h>

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pack/base/exit_status.h"

namespace cram {
namespace {

constexpr size_t kIndexesShown = 60;  // characters

std::string KindOf(const Row& row, const Run& run) {
  const Attempt& attempt = *row.attempt;
  std::string kind(StateName(row.state));
  if (attempt.cause == Cause::kNone) return kind;
  absl::StrAppend(&kind, ", ", CauseName(attempt.cause));
  if (attempt.cause == Cause::kExitCode) {
    absl::StrAppend(&kind, " ", attempt.exit_code);
  } else if (attempt.cause == Cause::kSignal) {
    absl::StrAppend(&kind, " ", SignalName(attempt.signal));
  } else if (attempt.cause == Cause::kCouldNotStart) {
    absl::StrAppend(
        &kind, attempt.error_number == 0 ? "" : ", ",
        attempt.error_number == 0 ? "" : strerror(attempt.error_number));
  } else if (attempt.cause == Cause::kRuntimeMemoryError) {
    absl::StrAppend(&kind, ", ", run.Details(attempt).memory_message);
  }
  return kind;
}

std::string Shortened(std::string text) {
  if (text.size() <= kIndexesShown) return text;
  text.resize(text.rfind(',', kIndexesShown));
  return text + ",...";
}

}  // namespace

bool WhyGroups::Shows(const Row& row, const Run& run) {
  Group& group = groups_[KindOf(row, run)];
  if (group.shown < kShown) {
    ++group.shown;
    return true;
  }
  group.rest.Add(row.index);
  return false;
}

std::string WhyGroups::Rest(const Run& run) const {
  std::vector<const std::pair<const std::string, Group>*> hidden;
  for (const auto& entry : groups_) {
    if (!entry.second.rest.empty()) hidden.push_back(&entry);
  }
  std::stable_sort(hidden.begin(), hidden.end(), [](auto* a, auto* b) {
    return a->second.rest.size() > b->second.rest.size();
  });
  std::string text;
  for (const auto* entry : hidden) {
    const IndexSet& rest = entry->second.rest;
    absl::StrAppend(&text, run.id(), " ", entry->first, ": ", rest.size(),
                    " more: ", Shortened(rest.ToString()), "\n");
  }
  if (!text.empty()) {
    absl::StrAppend(&text, "  Each of them: cramacct -j ", run.id(),
                    " --why -i INDEXES\n");
  }
  return text;
}

}  // namespace cram
