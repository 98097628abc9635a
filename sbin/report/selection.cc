#include "sbin/report/selection.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace cram {
namespace {

void VisitSubJob(const Run& run, uint64_t index, const Selection& selection,
                 const std::function<void(const Row&)>& visit) {
  auto offer = [&](const Attempt* attempt, State state) {
    if (selection.states.none() ||
        selection.states.test(static_cast<size_t>(state))) {
      visit(Row{index, attempt, state});
    }
  };
  const Attempt* last = run.Last(index);
  if (!selection.every_attempt || last == nullptr) {
    return offer(last, run.SubJobState(index));
  }
  std::vector<const Attempt*> attempts;
  for (; last != nullptr; last = last->previous) attempts.push_back(last);
  for (auto it = attempts.rbegin(); it != attempts.rend(); ++it) {
    offer(*it, (*it)->state());
  }
}

}  // namespace

absl::StatusOr<std::bitset<kStates>> ParseStates(absl::string_view list) {
  std::bitset<kStates> states;
  for (absl::string_view item : absl::StrSplit(list, ',')) {
    std::optional<State> state = ParseState(absl::StripAsciiWhitespace(item));
    if (!state) {
      return absl::InvalidArgumentError(absl::StrCat(
          "no state '", item, "'; the states are ",
          absl::StrJoin(kAllStates, ", ", [](std::string* out, State known) {
            absl::StrAppend(out, StateName(known), " (", StateShortName(known),
                            ")");
          })));
    }
    states.set(static_cast<size_t>(*state));
  }
  return states;
}

absl::Status CheckIndexes(const Selection& selection, const Run& run) {
  if (!selection.indexes || selection.indexes->empty()) return absl::OkStatus();
  uint64_t last = selection.indexes->ranges().rbegin()->second - 1;
  if (last < run.subjobs()) return absl::OkStatus();
  return absl::OutOfRangeError(absl::StrCat("no sub-job ", last, ": run ",
                                            run.id(), " has ", run.subjobs(),
                                            ", from 0 to ", run.subjobs() - 1));
}

void ForEachRow(const Run& run, const Selection& selection,
                const std::function<void(const Row&)>& visit) {
  IndexSet all({0, run.subjobs()});
  const IndexSet& chosen = selection.indexes ? *selection.indexes : all;
  for (const auto& [begin, end] : chosen.ranges()) {
    for (uint64_t index = begin; index < end; ++index) {
      VisitSubJob(run, index, selection, visit);
    }
  }
}

}  // namespace cram
