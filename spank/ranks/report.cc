#include "spank/ranks/report.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace cram {
namespace {

std::vector<pid_t> Pids(absl::string_view text) {
  std::vector<pid_t> pids;
  for (absl::string_view word : absl::StrSplit(text, ',')) {
    pid_t pid;
    if (!absl::SimpleAtoi(word, &pid) || pid <= 0) return {};
    pids.push_back(pid);
  }
  return pids;
}

}  // namespace

std::string RankReport::ToText() const {
  std::string text;
  if (rank) absl::StrAppend(&text, "rank ", *rank, "\n");
  if (!failed_step.empty()) {
    absl::StrAppend(&text, "errno ", error, "\nstep ", failed_step, "\n");
  }
  if (lost_part) absl::StrAppend(&text, "lost ", *lost_part, "\n");
  if (port != 0) absl::StrAppend(&text, "port ", port, "\n");
  if (!pids.empty()) {
    absl::StrAppend(&text, "pids ", absl::StrJoin(pids, ","), "\n");
  }
  return text;
}

RankReport RankReport::Parse(absl::string_view text) {
  RankReport report;
  for (absl::string_view line :
       absl::StrSplit(text.substr(0, kLongestRankReport), '\n')) {
    std::pair<absl::string_view, absl::string_view> word =
        absl::StrSplit(line, absl::MaxSplits(' ', 1));
    uint32_t number = 0;
    bool is_number = absl::SimpleAtoi(word.second, &number);
    if (word.first == "rank" && is_number) report.rank = number;
    if (word.first == "errno" && is_number && number < 4096) {
      report.error = static_cast<int>(number);
    }
    if (word.first == "lost" && is_number) report.lost_part = number;
    if (word.first == "port" && is_number && number < 65536) {
      report.port = static_cast<uint16_t>(number);
    }
    if (word.first == "pids") report.pids = Pids(word.second);
    if (word.first == "step") report.failed_step = std::string(word.second);
  }
  return report;
}

}  // namespace cram
