#include "spank/agent/agent/first_work.h"

#include <map>
#include <vector>

#include "absl/time/time.h"
#include "pack/manifest/time_limits.h"
#include "pack/manifest/widths.h"
#include "spank/agent/share/first_share.h"

namespace cram {
namespace {

// Of more than so many sub-jobs the order is that of the manifest: another one
// takes twelve bytes for each while it is made, eight afterwards.
constexpr uint64_t kMostOrdered = 1 << 24;

absl::Status FindThoseOfRanks(Run* run, uint32_t cpus_here) {
  if (run->step.nodes == 1) return absl::OkStatus();
  absl::StatusOr<std::map<uint64_t, IndexSet>> widths =
      SeveralRanks(*run->manifest);
  if (!widths.ok()) return widths.status();
  for (const auto& [cpus, indexes] : *widths) {
    run->of_ranks.AddAll(indexes);
    if (cpus > cpus_here) run->wide.AddAll(indexes);
  }
  return absl::OkStatus();
}

// The longest first, where the manifest knows lengths: one that is started last
// is waited for by all other slots.
absl::Status FindOrder(Run* run) {
  // The option's limit is that of all.
  if (run->options.run.time_limit != absl::InfiniteDuration()) {
    return absl::OkStatus();
  }
  // Of several nodes' ranks the widest are the first (gang/conductor.h).
  if (!run->of_ranks.empty() || run->subjobs > kMostOrdered) {
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<uint32_t>> limits = TimeLimits(*run->manifest);
  if (!limits.ok()) return limits.status();
  run->order = Order::LongestFirst(*limits);
  return absl::OkStatus();
}

}  // namespace

absl::Status PlanFirstWork(Run* run, uint32_t cpus) {
  absl::Status status = FindThoseOfRanks(run, cpus);
  return status.ok() ? FindOrder(run) : status;
}

Work FirstWork(const Run& run, const IndexSet& nodes) {
  if (run.left) return Work();
  Work work(FirstShares(run.subjobs, run.step.nodes, nodes));
  work.Remove(run.of_ranks);
  return work;
}

Work RootsPool(const Run& run) {
  if (run.left) return Work(run.order.PlacesOf(run.left_first));
  IndexSet pool(FirstPool(run.subjobs, run.step.nodes));
  pool.AddAll(run.of_ranks);
  return Work(pool);
}

Work BehindRootsPool(const Run& run) {
  if (!run.left) return Work();
  IndexSet behind = *run.left;
  behind.Take(run.left_first);
  return Work(run.order.PlacesOf(behind));
}

Work OwnFirstWork(const Run& run) {
  uint64_t own = run.step.node_id;
  return run.late ? Work() : FirstWork(run, IndexSet({own, own + 1}));
}

}  // namespace cram
