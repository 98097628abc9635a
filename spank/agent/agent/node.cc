#include "spank/agent/agent/node.h"

#include <errno.h>
#include <sys/wait.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "pack/base/size.h"

namespace cram {
namespace {

// So many starts, then everything else has its turn: where nothing can start,
// signals are heard and failures are counted all the same.
constexpr int kStartsAtOnce = 100;
// A sub-job that has started is seen to run, also when we are killed at once.
constexpr absl::Duration kStartsWait = absl::Milliseconds(20);

}  // namespace

Node::Node(SlotResources resources, Slots slots, ManifestReader* manifest,
           JournalWriter* journal, Listener* listener)
    : resources_(std::move(resources)),
      slots_(std::move(slots)),
      manifest_(manifest),
      journal_(journal),
      listener_(listener) {}

void Node::Add(const IndexSet& indexes) {
  if (stopping_) return;
  waiting_.AddAll(indexes);
  StartMore();
}

IndexSet Node::GiveBack(uint64_t count) { return waiting_.TakeBack(count); }

uint64_t Node::unstarted() const {
  return waiting_.size() + retries_.size() + (next_ ? 1 : 0);
}

void Node::Stop() {
  stopping_ = true;
  waiting_ = IndexSet();
  retries_.clear();
  next_.reset();
  for (const auto& slot : slot_table_) {
    if (slot != nullptr) slot->Cancel();
  }
  if (slots_.running() == 0) listener_->NodeChanged();
}

bool Node::FlushRecords() {
  // Output first: a record never tells of output that is not there.
  absl::Status status;
  if (resources_.output != nullptr) status = resources_.output->Flush();
  if (status.ok()) status = journal_->Flush();
  if (paused_ != status.ok()) return status.ok();
  paused_ = !status.ok();
  listener_->RecordsBlocked(status);
  for (const auto& slot : slot_table_) {
    if (slot != nullptr) slot->ReadOutput(!paused_);
  }
  StartMore();
  return !paused_;
}

void Node::HandOnOutput() {
  for (const auto& slot : slot_table_) {
    if (slot != nullptr) slot->HandOnOutput();
  }
}

// ---- Starting

void Node::StartMore() {
  if (starting_) return;
  starting_ = true;
  for (int starts = 0; !stopping_ && !paused_ && NextCandidate(); ++starts) {
    if (starts == kStartsAtOnce) {
      resources_.loop->Cancel(start_timer_);
      start_timer_ =
          resources_.loop->After(absl::ZeroDuration(), [this] { StartMore(); });
      break;
    }
    std::optional<SlotClaim> claim;
    bool fits = slots_.Fits(next_->cpus, next_->cap_bytes);
    if (fits) claim = slots_.Take(next_->cpus, next_->cap_bytes);
    if (fits && !claim) break;
    Candidate candidate = *std::move(next_);
    next_.reset();
    if (fits) {
      Start(std::move(candidate), *std::move(claim));
    } else {
      RecordNotStarted(candidate,
                       {absl::StrCat("it needs ", candidate.cpus, " CPUs and ",
                                     FormatSize(candidate.cap_bytes),
                                     ", the node has ", slots_.cpus(), " and ",
                                     FormatSize(slots_.budget_bytes())),
                        0});
    }
  }
  starting_ = false;
  if (unstarted() < slots_.slots()) listener_->NodeChanged();
}

absl::StatusOr<Candidate> Node::Read(uint64_t index, uint32_t attempt) {
  absl::StatusOr<SubJob> subjob = manifest_->Get(index);
  if (!subjob.ok()) return subjob.status();
  Candidate candidate;
  candidate.attempt = attempt;
  candidate.cpus = subjob->cpus != 0 ? subjob->cpus : slots_.DefaultCpus();
  // What was said for this run goes before what the manifest says.
  candidate.cap_bytes = resources_.options->mem_bytes;
  if (candidate.cap_bytes == 0 && !resources_.options->mem_share) {
    candidate.cap_bytes = subjob->memory_bytes;
  }
  if (candidate.cap_bytes == 0) {
    candidate.cap_bytes = slots_.DefaultCap(candidate.cpus);
  }
  candidate.subjob = *std::move(subjob);
  return candidate;
}

bool Node::NextCandidate() {
  while (!next_) {
    uint64_t index;
    uint32_t attempt = 0;
    if (!retries_.empty()) {
      std::tie(index, attempt) = retries_.front();
      retries_.pop_front();
    } else if (!waiting_.empty()) {
      index = waiting_.front();
      waiting_.Remove(index);
    } else {
      return false;
    }
    absl::StatusOr<Candidate> candidate = Read(index, attempt);
    if (candidate.ok()) {
      next_ = *std::move(candidate);
    } else {
      Candidate unreadable;
      unreadable.subjob.index = index;
      unreadable.attempt = attempt;
      RecordNotStarted(unreadable,
                       {std::string(candidate.status().message()), EINVAL});
    }
  }
  return true;
}

absl::StatusOr<Slot*> Node::SlotOf(uint32_t number) {
  if (slot_table_.size() <= number) slot_table_.resize(number + 1);
  std::unique_ptr<Slot>& slot = slot_table_[number];
  if (slot == nullptr) {
    absl::StatusOr<std::unique_ptr<Slot>> made =
        Slot::Create(number, &resources_, this);
    if (!made.ok()) return made.status();
    slot = *std::move(made);
  }
  return slot.get();
}

void Node::Start(Candidate candidate, SlotClaim claim) {
  absl::StatusOr<Slot*> slot = SlotOf(claim.slot);
  if (!slot.ok()) {
    slots_.Release(claim);
    RecordNotStarted(candidate, {std::string(slot.status().message()), 0});
    return;
  }
  (*slot)->Start(std::move(candidate), std::move(claim));
}

void Node::AttemptStarted(Slot* slot) {
  JournalRecord record;
  *record.mutable_started() = slot->StartRecord();
  journal_->Append(record);
  if (flush_timer_ != 0) return;
  flush_timer_ = resources_.loop->After(kStartsWait, [this] {
    flush_timer_ = 0;
    FlushRecords();
  });
}

void Node::CouldNotStart(Slot* slot, const Slot::Failure& why) {
  slots_.Release(slot->claim());
  RecordNotStarted(slot->candidate(), why);
  StartMore();
}

// ---- Ending

void Node::Reap() {
  int status;
  rusage usage;
  pid_t pid;
  while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
    for (const auto& slot : slot_table_) {
      if (slot != nullptr && slot->Reaped(pid, status, usage)) break;
    }
    // Else a process that a sub-job left behind and we inherited.
  }
}

void Node::AttemptEnded(Slot* slot, Ended* ended) {
  slots_.Release(slot->claim());
  Settle(ended);
  StartMore();
}

void Node::RecordNotStarted(const Candidate& candidate,
                            const Slot::Failure& why) {
  Ended ended;
  ended.set_index(candidate.subjob.index);
  ended.set_attempt(candidate.attempt);
  ended.set_start_ns(absl::ToUnixNanos(absl::Now()));
  ended.set_end_ns(ended.start_ns());
  ended.set_cause(static_cast<uint32_t>(Cause::kCouldNotStart));
  ended.set_cap_bytes(candidate.cap_bytes);
  ended.set_cpus(candidate.cpus);
  ended.set_failed_step(why.step);
  ended.set_error_number(why.error);
  Settle(&ended);
}

// Records the end of an attempt, which is the sub-job's or makes another.
void Node::Settle(Ended* ended) {
  Cause cause = static_cast<Cause>(ended->cause());
  bool retry = cause != Cause::kCompleted && cause != Cause::kCancelled &&
               ended->attempt() < resources_.options->retry && !stopping_;
  ended->set_will_retry(retry);
  JournalRecord record;
  record.mutable_ended()->Swap(ended);
  journal_->Append(record);
  if (retry) {
    retries_.emplace_back(record.ended().index(), record.ended().attempt() + 1);
    return;
  }
  ++finished_[static_cast<size_t>(StateOf(cause))];
  if (cause != Cause::kCompleted || slots_.running() == 0) {
    listener_->NodeChanged();
  }
}

}  // namespace cram
