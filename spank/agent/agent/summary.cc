#include "spank/agent/agent/summary.h"

#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "nlohmann/json.hpp"
#include "pack/base/duration.h"
#include "pack/journal/reader.h"

namespace cram {
namespace {

constexpr size_t kIndexesShown = 60;  // characters

std::string Shortened(std::string text) {
  if (text.size() <= kIndexesShown) return text;
  text.resize(text.rfind(',', kIndexesShown));
  return text + ",...";
}

}  // namespace

int Summary::exit_status() const {
  uint64_t completed = finished[static_cast<size_t>(State::kCompleted)];
  if (completed == subjobs) return 0;
  uint64_t settled =
      std::accumulate(finished.begin(), finished.end(), uint64_t{0});
  // In a run that was not stopped, those are what the user did not want.
  if (!stop_reason.empty()) {
    settled -= finished[static_cast<size_t>(State::kCancelled)];
  }
  return settled == subjobs ? 1 : 3;
}

void Summary::CountUntried() {
  uint64_t counted =
      std::accumulate(finished.begin(), finished.end(), without_result.size());
  if (counted < subjobs) {
    finished[static_cast<size_t>(State::kFailed)] += subjobs - counted;
  }
}

std::string Summary::Text() const {
  std::string counts;
  std::string other_states;
  uint64_t done = 0;
  for (State state : kAllStates) {
    uint64_t count = finished[static_cast<size_t>(state)];
    if (count == 0) continue;
    done += count;
    absl::StrAppend(&counts, counts.empty() ? "" : ", ", count, " ",
                    StateWords(state));
    if (state == State::kCompleted) continue;
    absl::StrAppend(&other_states, other_states.empty() ? "" : ",",
                    StateShortName(state));
  }
  if (!without_result.empty()) {
    absl::StrAppend(&counts, counts.empty() ? "" : ", ", without_result.size(),
                    " did not run");
  }
  double seconds = absl::ToDoubleSeconds(end - start);
  std::string text = absl::StrCat(
      subjobs, subjobs == 1 ? " sub-job: " : " sub-jobs: ", counts, " (", nodes,
      nodes == 1 ? " node, " : " nodes, ", slots,
      slots == 1 ? " slot, " : " slots, ", FormatElapsed(end - start));
  if (seconds > 0) {
    absl::StrAppendFormat(
        &text, ", %.1f/s",
        static_cast<double>(done - completed_before) / seconds);
  }
  absl::StrAppend(&text, ")");
  if (completed_before != 0) {
    absl::StrAppend(&text, "\ncram: ", completed_before,
                    " of them had completed before, in ", resumed_from);
  }
  if (!benched_nodes.empty()) {
    absl::StrAppend(&text,
                    "\ncram: benched, as sub-jobs failed there that "
                    "completed elsewhere: ",
                    absl::StrJoin(benched_nodes, ","));
  }
  if (!stop_reason.empty()) {
    absl::StrAppend(&text, "\ncram: stopped early: ", stop_reason);
  }
  if (!without_result.empty()) {
    absl::StrAppend(
        &text, "\ncram: did not run: ", Shortened(without_result.ToString()));
  }
  absl::StrAppend(&text, "\ncram: records in ", run_directory);
  if (exit_status() == 3 && !to_go_on.empty()) {
    absl::StrAppend(&text, "\ncram: ", to_go_on);
  }
  if (!other_states.empty()) {
    absl::StrAppend(&text, "\ncram: what went wrong: cramacct -j ", run_id,
                    " -s ", other_states, " --why");
  }
  return text;
}

std::string Summary::Json() const {
  nlohmann::ordered_json json;
  json["run_id"] = run_id;
  json["run_directory"] = run_directory;
  json["subjobs"] = subjobs;
  for (State state : kAllStates) {
    uint64_t count = finished[static_cast<size_t>(state)];
    if (count != 0) json["states"][std::string(StateName(state))] = count;
  }
  json["without_result"] = without_result.ToString();
  if (!resumed_from.empty()) {
    json["resumed_from"] = resumed_from;
    json["completed_before"] = completed_before;
  }
  json["nodes"] = nodes;
  json["slots"] = slots;
  json["lost_nodes"] = lost_nodes;
  json["benched_nodes"] = benched_nodes;
  json["stop_reason"] = stop_reason;
  json["start_ns"] = absl::ToUnixNanos(start);
  json["end_ns"] = absl::ToUnixNanos(end);
  json["exit_status"] = exit_status();
  return json.dump(2) + "\n";
}

absl::StatusOr<IndexSet> FindWithoutResult(const RunDirectory& run,
                                           IndexSet left) {
  absl::StatusOr<std::vector<uint32_t>> nodes = run.Nodes();
  if (!nodes.ok()) return nodes.status();
  for (uint32_t node : *nodes) {
    absl::StatusOr<JournalEnd> end =
        ReadJournal(run.journal(node), [&left](const JournalRecord& record) {
          if (record.has_ended() && !record.ended().will_retry()) {
            left.Remove(record.ended().index());
          }
        });
    if (!end.ok()) return end.status();
  }
  return left;
}

}  // namespace cram
