#include "sbin/report/status.h"

#include <algorithm>

#include "sbin/report/room_for_records.h"

namespace cram {
namespace {

bool IsOfEarlierRun(const Run& run, const Attempt& attempt) {
  return !run.NodeOf(attempt).earlier.empty();
}

// What ended in the last minute says how fast the run is now. When that is too
// little to say anything, the whole run does.
constexpr int64_t kLatelyNs = int64_t{60} * 1000000000;
constexpr uint64_t kEnoughEnds = 10;

double RateOf(const Run& run, const RunStatus& status) {
  int64_t since = std::max(status.first_ns, status.now_ns - kLatelyNs);
  uint64_t lately = 0, all = 0;
  for (uint64_t index = 0; index < run.started_below(); ++index) {
    const Attempt* last = run.Last(index);
    if (last == nullptr || !last->ended() || IsOfEarlierRun(run, *last)) {
      continue;
    }
    ++all;
    lately += last->end_ns > since;
  }
  bool enough = lately >= kEnoughEnds;
  double seconds =
      static_cast<double>(status.now_ns - (enough ? since : status.first_ns)) /
      1e9;
  if (seconds <= 0) return 0;
  return static_cast<double>(enough ? lately : all) / seconds;
}

void CountNodes(const Run& run, RunStatus* status) {
  for (uint32_t place = 0; place < run.own_nodes(); ++place) {
    const NodeRecords& records = run.nodes()[place];
    RunStatus::Node node;
    node.place = place;
    node.slots = records.slots;
    status->nodes.push_back(node);
    status->slots += records.slots;
    if (records.first_ns == 0) continue;
    if (status->first_ns == 0 || records.first_ns < status->first_ns) {
      status->first_ns = records.first_ns;
    }
    if (run.ended()) {
      status->now_ns = std::max(status->now_ns, records.last_ns);
    }
  }
}

void KeepSlowest(size_t most, std::vector<const Attempt*>* running) {
  auto earlier = [](const Attempt* a, const Attempt* b) {
    return a->start_ns < b->start_ns;
  };
  size_t kept = std::min(most, running->size());
  std::partial_sort(running->begin(),
                    running->begin() + static_cast<ptrdiff_t>(kept),
                    running->end(), earlier);
  running->resize(kept);
}

}  // namespace

RunStatus StatusOf(const Run& run, int64_t now_ns, size_t most_slowest) {
  RunStatus status;
  status.now_ns = run.ended() ? 0 : now_ns;
  CountNodes(run, &status);
  for (uint64_t index = 0; index < run.started_below(); ++index) {
    State state = run.SubJobState(index);
    ++status.states[static_cast<size_t>(state)];
    const Attempt* last = run.Last(index);
    if (last == nullptr || state == State::kPending) continue;
    if (IsOfEarlierRun(run, *last)) {
      ++status.completed_before;
      continue;
    }
    RunStatus::Node& node = status.nodes[last->node];
    if (state == State::kRunning) {
      ++node.running;
      status.slowest.push_back(last);
    } else if (state == State::kCompleted) {
      ++node.done;
    } else if (state != State::kCancelled) {
      ++node.failed;
    }
  }
  status.states[static_cast<size_t>(State::kPending)] +=
      run.subjobs() - run.started_below();
  status.left = status.states[static_cast<size_t>(State::kPending)] +
                status.states[static_cast<size_t>(State::kRunning)];
  status.rate = RateOf(run, status);
  KeepSlowest(most_slowest, &status.slowest);
  if (!run.ended()) {
    status.no_room = NoRoomForRecords(run.directory().path());
  }
  return status;
}

double RunStatus::ElapsedSeconds() const {
  return static_cast<double>(std::max<int64_t>(now_ns - first_ns, 0)) / 1e9;
}

double RunStatus::SecondsLeft() const {
  if (left == 0) return 0;
  return rate > 0 ? static_cast<double>(left) / rate : -1;
}

}  // namespace cram
