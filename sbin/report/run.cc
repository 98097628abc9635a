#include "sbin/report/run.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <system_error>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "pack/base/io.h"
#include "pack/journal/sign_of_life.h"
#include "sbin/report/journal_table.h"

namespace cram {
namespace {

// An index above it is damage: a run of so many would not fit into memory.
constexpr uint64_t kMostSubJobs = uint64_t{1} << 32;

bool Later(const Attempt& a, const Attempt& b) {
  return a.number != b.number ? a.number > b.number : a.start_ns > b.start_ns;
}

// Puts `attempt` at its place in the list that starts at `*newest`.
void Insert(Attempt* attempt, Attempt** newest) {
  Attempt** link = newest;
  while (*link != nullptr && Later(**link, *attempt)) {
    link = &(*link)->previous;
  }
  attempt->previous = *link;
  *link = attempt;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Run>> Run::Load(const RunDirectory& directory) {
  absl::StatusOr<std::vector<uint32_t>> node_ids = directory.Nodes();
  if (!node_ids.ok()) return node_ids.status();
  std::unique_ptr<Run> run(new Run(directory));
  run->id_ = directory.run_id();
  // Before the journals: records may still come, but not behind a summary.
  run->ended_ = access(directory.summary().c_str(), F_OK) == 0;
  run->ReadJournals(*node_ids);
  run->own_nodes_ = run->nodes_.size();
  run->ReadResumed();
  if (run->nodes_.empty()) {
    return absl::NotFoundError(
        run->warnings_.empty() ? absl::StrCat(directory.path(), ": no journal")
                               : run->warnings_.front());
  }
  run->FindEnd();
  for (const NodeRecords& node : run->nodes_) {
    run->subjobs_ = std::max(run->subjobs_, node.subjobs);
    if (!node.run_id.empty() && node.earlier.empty()) run->id_ = node.run_id;
    if (!node.warning.empty()) run->warnings_.push_back(node.warning);
    if (node.torn && node.warning.empty() && run->ended_) {
      run->warnings_.push_back(
          absl::StrCat(directory.journal(node.node_id),
                       ": the last record is cut off; it is not shown"));
    }
  }
  run->Link();
  run->NameLostAttempts();
  return run;
}

void Run::ReadJournals(const std::vector<uint32_t>& node_ids) {
  std::vector<NodeRecords> nodes(node_ids.size());
  std::vector<absl::Status> statuses(node_ids.size());
  std::atomic<size_t> next = 0;
  auto work = [&] {
    for (size_t i; (i = next++) < node_ids.size();) {
      nodes[i].node_id = node_ids[i];
      statuses[i] = ReadNodeRecords(directory_.journal(node_ids[i]),
                                    static_cast<uint32_t>(i), &nodes[i]);
      nodes[i].output = directory_.output(node_ids[i]);
    }
  };
  size_t workers = std::min<size_t>(
      node_ids.size(), std::max(1u, std::thread::hardware_concurrency()));
  std::vector<std::thread> threads;
  try {
    for (size_t i = 1; i < workers; ++i) threads.emplace_back(work);
  } catch (const std::system_error&) {
    // As many processes as the user may have: those that are there do it all.
  }
  work();
  for (std::thread& thread : threads) thread.join();

  bool any = false;
  for (const absl::Status& status : statuses) {
    any = any || status.ok();
    if (!status.ok()) warnings_.push_back(std::string(status.message()));
  }
  if (any) nodes_ = std::move(nodes);
}

void Run::FindEnd() {
  bool abandoned = false;
  absl::Time now = absl::Now();
  for (size_t i = 0; i < own_nodes_ && !ended_; ++i) {
    if (nodes_[i].closed) continue;
    abandoned = JournalIsAbandoned(directory_.journal(nodes_[i].node_id), now);
    if (!abandoned) return;
  }
  ended_ = true;
  if (!abandoned) return;
  warnings_.push_back(absl::StrCat(
      directory_.path(),
      ": its agents are gone without a word; what ran is lost, and a resume "
      "runs what is left"));
}

// The root has written it before anything started; what stands in it twice
// cannot be.
void Run::ReadResumed() {
  std::string path = directory_.journal_resumed();
  if (access(path.c_str(), F_OK) != 0) return;
  absl::Status status =
      ReadResumedRecords(path, static_cast<uint32_t>(nodes_.size()), &nodes_);
  if (!status.ok()) warnings_.push_back(std::string(status.message()));
  for (size_t i = own_nodes_; i < nodes_.size(); ++i) {
    // Directories that moved together still stand beside each other.
    std::string& earlier = nodes_[i].earlier;
    std::error_code error;
    if (!std::filesystem::exists(earlier, error)) {
      std::string beside =
          (std::filesystem::path(directory_.path()).parent_path() /
           std::filesystem::path(earlier).filename())
              .string();
      if (std::filesystem::exists(beside, error)) earlier = beside;
    }
    nodes_[i].output = RunDirectory(earlier).output(nodes_[i].node_id);
  }
}

void Run::Link() {
  uint64_t strange = 0;
  for (NodeRecords& node : nodes_) {
    for (Attempt& attempt : node.attempts) {
      if (attempt.index >= subjobs_ || attempt.index >= kMostSubJobs) {
        ++strange;
        continue;
      }
      if (attempt.index >= last_.size()) {
        last_.resize(std::min(
            subjobs_, std::max<uint64_t>(attempt.index + 1, last_.size() * 2)));
      }
      Insert(&attempt, &last_[attempt.index]);
    }
  }
  if (strange > 0) {
    warnings_.push_back(absl::StrCat(
        directory_.path(), ": ", strange, " records are of sub-jobs above ",
        subjobs_ - 1, ", the last of this run; they are not shown"));
  }
}

void Run::NameLostAttempts() {
  for (Attempt* last : last_) {
    bool superseded = false;
    for (Attempt* attempt = last; attempt != nullptr;
         attempt = attempt->previous) {
      if (!attempt->ended() &&
          (superseded || ended_ || nodes_[attempt->node].closed)) {
        attempt->cause = Cause::kNodeLost;
      }
      superseded = true;
    }
  }
}

State Run::SubJobState(uint64_t index) const {
  const Attempt* last = Last(index);
  if (last == nullptr || (last->will_retry && !ended_)) return State::kPending;
  return last->state();
}

std::vector<absl::string_view> Run::Told(const Attempt& attempt) const {
  std::vector<absl::string_view> told;
  const std::vector<std::string>& knobs = NodeOf(attempt).knobs;
  for (size_t i = 0; i < knobs.size() && i < 64; ++i) {
    if ((attempt.told >> i & 1) != 0) told.push_back(knobs[i]);
  }
  if (attempt.data_limited) told.push_back("RLIMIT_DATA");
  return told;
}

std::string Run::NodesOf(const Attempt& attempt) const {
  const NodeRecords& recorded = NodeOf(attempt);
  const EndDetails& details = Details(attempt);
  if (details.parts.empty()) return recorded.name;
  std::string names;
  for (const EndDetails::Part& part : details.parts) {
    auto node = std::find_if(nodes_.begin(), nodes_.end(),
                             [&](const NodeRecords& records) {
                               return records.node_id == part.node_id &&
                                      records.earlier == recorded.earlier;
                             });
    absl::StrAppend(&names, names.empty() ? "" : ",",
                    node != nodes_.end() ? node->name
                                         : absl::StrCat("node ", part.node_id));
  }
  return names;
}

const EndDetails& Run::Details(const Attempt& attempt) const {
  static const EndDetails none;
  if (attempt.details == 0) return none;
  return nodes_[attempt.node].details[attempt.details - 1];
}

}  // namespace cram
