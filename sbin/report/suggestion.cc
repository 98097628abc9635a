#include "sbin/report/suggestion.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pack/base/cap_choice.h"
#include "pack/base/size.h"

namespace cram {
namespace {

// CPUs of an attempt, if somebody asked for them: 1 when it had so many only
// because there were fewer slots than CPUs.
uint32_t CpusAskedFor(const Attempt& attempt, const NodeRecords& node) {
  bool as_slots_went =
      node.slots > 0 && attempt.cpus == std::max(1U, node.cpus / node.slots);
  return as_slots_went ? 1 : std::max(1U, attempt.cpus);
}

void FindLeastNode(const Run& run, Advice* advice) {
  advice->cpus = UINT32_MAX;
  advice->budget_bytes = UINT64_MAX;
  for (const NodeRecords& node : run.nodes()) {
    // Its first record was lost, or it is not of this run.
    if (node.budget_bytes == 0 || !node.earlier.empty()) continue;
    advice->cpus = std::min(advice->cpus, node.cpus);
    advice->budget_bytes = std::min(advice->budget_bytes, node.budget_bytes);
  }
}

// In whole megabytes, as people write it, on a node that has so many.
uint64_t InMegabytes(uint64_t bytes, uint64_t budget) {
  uint64_t up = (bytes + kMiB - 1) / kMiB * kMiB;
  return up <= budget ? up : budget / kMiB * kMiB;
}

Advice::Setting MakeSetting(uint64_t cap, const std::vector<int64_t>& peaks,
                            const Advice& advice) {
  Advice::Setting setting;
  setting.cap_bytes = InMegabytes(cap, advice.budget_bytes);
  uint64_t by_memory = advice.budget_bytes / setting.cap_bytes;
  uint64_t by_cpus = std::max(1U, advice.cpus / advice.cpus_each);
  setting.slots = static_cast<uint32_t>(std::min(by_memory, by_cpus));
  setting.would_reach = static_cast<uint64_t>(
      std::count_if(peaks.begin(), peaks.end(), [&setting](int64_t peak) {
        return static_cast<uint64_t>(peak) > setting.cap_bytes;
      }));
  setting.grows = setting.would_reach > 0 || advice.stopped_by_cap > 0;
  return setting;
}

}  // namespace

std::string Advice::Setting::Options() const {
  return absl::StrCat("--cram-mem=", FormatExactSize(cap_bytes),
                      " --cram-slots=", slots,
                      grows ? " --cram-oom-retry=2" : "");
}

absl::StatusOr<Advice> Advise(const Run& run) {
  Advice advice;
  std::vector<int64_t> peaks;
  std::vector<uint64_t> caps;
  for (uint64_t index = 0; index < run.started_below(); ++index) {
    const Attempt* last = run.Last(index);
    if (last == nullptr || !last->ended() || last->will_retry) continue;
    if (last->state() == State::kOutOfMemory) ++advice.stopped_by_cap;
    if (last->cause != Cause::kCompleted || last->peak_bytes == 0) continue;
    peaks.push_back(static_cast<int64_t>(last->peak_bytes));
    caps.push_back(CapThatHolds(last->peak_bytes, last->cap_bytes));
    advice.cpus_each =
        std::max(advice.cpus_each, CpusAskedFor(*last, run.NodeOf(*last)));
  }
  FindLeastNode(run, &advice);
  if (caps.empty() || advice.budget_bytes < kMiB || advice.cpus == UINT32_MAX) {
    return absl::NotFoundError(
        absl::StrCat("run ", run.id(),
                     ": no sub-job has completed with a peak that was "
                     "measured; nothing can be suggested"));
  }
  advice.measured = caps.size();
  std::sort(caps.begin(), caps.end());
  advice.settings.push_back(MakeSetting(caps.back(), peaks, advice));
  uint64_t share =
      advice.budget_bytes / std::max(1U, advice.cpus / advice.cpus_each);
  Advice::Setting cheapest =
      MakeSetting(CheapestCap(caps, share), peaks, advice);
  if (cheapest.slots > advice.settings[0].slots) {
    advice.settings.push_back(cheapest);
  }
  advice.peak_bytes = QuantilesOf(&peaks);
  return advice;
}

std::string AdviceText(const Run& run, const Advice& advice) {
  auto size = [](int64_t bytes) {
    return FormatSize(static_cast<uint64_t>(bytes));
  };
  std::string text = absl::StrFormat(
      "# run %s: %d sub-jobs measured; nodes of %d CPUs and %s, %d CPU%s each\n"
      "# peak memory: half %s, 90%% %s, 99%% %s, most %s\n",
      run.id(), advice.measured, advice.cpus, FormatSize(advice.budget_bytes),
      advice.cpus_each, advice.cpus_each == 1 ? "" : "s",
      size(advice.peak_bytes.half), size(advice.peak_bytes.most_90),
      size(advice.peak_bytes.most_99), size(advice.peak_bytes.most));
  if (advice.stopped_by_cap > 0) {
    absl::StrAppendFormat(
        &text,
        "# %d more ended for want of memory: what they need is unknown\n",
        advice.stopped_by_cap);
  }
  for (const Advice::Setting& setting : advice.settings) {
    absl::StrAppendFormat(
        &text, "# %d of %d would have reached this cap:\n%s\n",
        setting.would_reach, advice.measured, setting.Options());
  }
  return text;
}

}  // namespace cram
