#include "spank/agent/agent/node.h"

#include <errno.h>
#include <sys/wait.h>

#include <iterator>

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
// Records of sub-jobs that were cancelled, then everything else has its turn.
constexpr uint64_t kDropsAtOnce = 1000;
constexpr absl::Duration kDropsWait = absl::Milliseconds(500);
// A disk takes microseconds, a busy server milliseconds. Caps, timers and
// signals wait for no longer than this.
constexpr absl::Duration kPatience = absl::Milliseconds(20);
// A file system that takes this long to write is like a full one.
constexpr absl::Duration kSlowIsBlocked = absl::Seconds(1);
constexpr size_t kMuchOnTheWay = 8 << 20;
// How many wait changes all the time, and is worth a record now and then.
constexpr absl::Duration kCountsWait = absl::Seconds(10);

}  // namespace

Node::Node(SlotResources resources, Slots slots, ManifestReader* manifest,
           JournalWriter* journal, Listener* listener)
    : resources_(std::move(resources)),
      slots_(std::move(slots)),
      cap_rule_(resources_.options, &slots_),
      manifest_(manifest),
      journal_(journal),
      listener_(listener) {}

void Node::Add(const Work& work) {
  if (stopping_) return;
  if (end_announced_) {
    SetAside(work.size());
    return;
  }
  waiting_.AddAll(work.indexes());
  for (const auto& [index, tried] : work.tried()) {
    waiting_.Remove(index);
    PlannedAttempt attempt;
    attempt.index = index;
    attempt.number = tried.attempts;
    attempt.failures = tried.failures;
    attempt.losses = tried.losses;
    attempt.cap_bytes = tried.cap_bytes;
    retries_.push_back(attempt);
  }
  if (!cancelled_.empty()) {
    dropped_.AddAll(waiting_.Take(cancelled_));
    CancelRetries();
    RecordDropped();
  }
  StartMore();
}

Work Node::GiveBack(uint64_t count) {
  Work work(waiting_.TakeBack(count));
  if (new_ && work.size() < count) {
    // There is no room for it here.
    work.Add(new_->subjob.index, Tried());
    new_.reset();
  }
  for (; !retries_.empty() && work.size() < count; retries_.pop_back()) {
    const PlannedAttempt& last = retries_.back();
    work.Add(last.index,
             {last.number, last.failures, last.losses, last.cap_bytes});
  }
  // Room is being kept for it: it goes only with everything else.
  if (again_ && count == UINT64_MAX) {
    work.Add(again_->subjob.index, {again_->attempt, again_->failures,
                                    again_->losses, again_->cap_bytes});
    again_.reset();
  }
  return work;
}

uint64_t Node::unstarted() const {
  return waiting_.size() + dropped_.size() + retries_.size() +
         (again_ ? 1 : 0) + (new_ ? 1 : 0);
}

void Node::Stop() {
  stopping_ = true;
  waiting_ = dropped_ = IndexSet();
  retries_.clear();
  later_.clear();
  again_.reset();
  new_.reset();
  for (const auto& slot : slot_table_) {
    if (slot != nullptr) slot->Cancel(EndReason::kRunStopped);
  }
  if (slots_.running() == 0) listener_->NodeChanged();
}

void Node::Cancel(const IndexSet& indexes) {
  if (stopping_) return;
  cancelled_.AddAll(indexes);
  dropped_.AddAll(waiting_.Take(indexes));
  for (const auto& slot : slot_table_) {
    if (slot == nullptr || !slot->busy()) continue;
    if (indexes.Contains(slot->attempt().candidate.subjob.index)) {
      slot->Cancel(EndReason::kCancelled);
    }
  }
  CancelRetries();
  RecordDropped();
  StartMore();
}

void Node::CancelRetries() {
  std::deque<PlannedAttempt> kept;
  for (const PlannedAttempt& attempt : retries_) {
    if (cancelled_.Contains(attempt.index)) {
      RecordCancelled(attempt);
    } else {
      kept.push_back(attempt);
    }
  }
  retries_ = std::move(kept);
  for (auto it = later_.begin(); it != later_.end();) {
    auto next = std::next(it);
    if (cancelled_.Contains(it->second.index)) {
      RecordCancelled(it->second);
      later_.erase(it);
    }
    it = next;
  }
  for (std::optional<Candidate>* next : {&again_, &new_}) {
    if (!*next || !cancelled_.Contains((*next)->subjob.index)) continue;
    PlannedAttempt attempt;
    attempt.index = (*next)->subjob.index;
    attempt.number = (*next)->attempt;
    next->reset();
    RecordCancelled(attempt);
  }
}

// There may be a million of them: everything else has its turn between.
void Node::RecordDropped() {
  if (drop_timer_ != 0 || dropped_.empty()) return;
  if (!paused_) {
    IndexSet now = dropped_.TakeFront(kDropsAtOnce);
    for (const auto& [begin, end] : now.ranges()) {
      for (uint64_t index = begin; index < end; ++index) {
        PlannedAttempt attempt;
        attempt.index = index;
        RecordCancelled(attempt);
      }
    }
  }
  if (dropped_.empty()) return;
  drop_timer_ = resources_.loop->After(
      paused_ ? kDropsWait : absl::ZeroDuration(), [this] {
        drop_timer_ = 0;
        RecordDropped();
      });
}

void Node::RecordCancelled(const PlannedAttempt& attempt) {
  Ended ended;
  ended.set_index(attempt.index);
  ended.set_attempt(attempt.number);
  ended.set_start_ns(absl::ToUnixNanos(absl::Now()));
  ended.set_end_ns(ended.start_ns());
  ended.set_cause(static_cast<uint32_t>(Cause::kCancelled));
  ended.set_cancelled_by_user(true);
  Settle(Candidate(), &ended);
}

void Node::AnnounceEnd(int signal) {
  end_announced_ = true;
  SetAside(unstarted() - dropped_.size() + later_.size());
  waiting_ = IndexSet();
  retries_.clear();
  later_.clear();
  again_.reset();
  new_.reset();
  for (const auto& slot : slot_table_) {
    if (slot != nullptr) slot->AnnounceEnd(signal);
  }
}

void Node::SetAside(uint64_t count) {
  finished_[static_cast<size_t>(State::kPending)] += count;
  listener_->NodeChanged();
}

// It has a limit, or those before it took so long.
bool Node::TooLate(const Candidate& candidate) const {
  if (end_ == absl::InfiniteFuture()) return false;
  absl::Duration length = resources_.options->time_limit;
  if (length == absl::InfiniteDuration()) length = candidate.subjob.time_limit;
  if (length == absl::InfiniteDuration()) length = run_times_.Expected();
  return absl::Now() + length > end_;
}

bool Node::FlushRecords() {
  if (!listener_->MayRecord()) return false;
  // Output first: a record never tells of output that is not there.
  absl::Status status;
  if (resources_.output != nullptr) {
    status = resources_.output->Flush(kPatience);
  }
  if (status.ok()) status = journal_->Flush(kPatience);
  if (absl::IsUnavailable(status) && !SlowForLong()) return false;
  if (status.ok()) slow_since_.reset();
  if (paused_ != status.ok()) return status.ok();
  paused_ = !status.ok();
  listener_->RecordsBlocked(status);
  for (const auto& slot : slot_table_) {
    if (slot != nullptr) slot->ReadOutput(!paused_);
  }
  StartMore();
  return !paused_;
}

// Whether records have been on their way for so long, or there are so many of
// them, that no more should come.
bool Node::SlowForLong() {
  if (!slow_since_) slow_since_ = resources_.loop->now();
  size_t buffered = journal_->buffered();
  if (resources_.output != nullptr) buffered += resources_.output->buffered();
  return buffered > kMuchOnTheWay ||
         resources_.loop->now() - *slow_since_ > kSlowIsBlocked;
}

Idle Node::IdleNow() const {
  if (stopping_) return Idle::kStopping;
  if (finished_[static_cast<size_t>(State::kPending)] != 0 &&
      unstarted() == 0) {
    return Idle::kTime;
  }
  if (slots_.running() >= slots_.slots()) return Idle::kNot;
  if (paused_) return Idle::kRecords;
  const std::optional<Candidate>& next = again_ ? again_ : new_;
  if (next) return slots_.HasCpus(next->cpus) ? Idle::kMemory : Idle::kCpus;
  return unstarted() == 0 ? Idle::kNoWork : Idle::kNot;
}

void Node::RecordStanding() {
  Standing now;
  now.set_time_ns(absl::ToUnixNanos(absl::Now()));
  now.set_idle(static_cast<uint32_t>(IdleNow()));
  now.set_unstarted(unstarted());
  bool fresh = now.time_ns() - standing_.time_ns() <
               absl::ToInt64Nanoseconds(kCountsWait);
  if (now.idle() == standing_.idle() &&
      (fresh || now.unstarted() == standing_.unstarted())) {
    return;
  }
  standing_ = now;
  JournalRecord record;
  *record.mutable_standing() = now;
  journal_->Append(record);
}

void Node::HandOnOutput() {
  for (const auto& slot : slot_table_) {
    if (slot != nullptr) slot->HandOnOutput();
  }
}

// ---- Starting

void Node::StartMore() {
  if (starting_ || !listener_->MayRecord()) return;
  starting_ = true;
  LookForRoom();
  for (int starts = 0; !stopping_ && !paused_ && StartOne(); ++starts) {
    if (starts == kStartsAtOnce) {
      resources_.loop->Cancel(start_timer_);
      start_timer_ =
          resources_.loop->After(absl::ZeroDuration(), [this] { StartMore(); });
      break;
    }
  }
  starting_ = false;
  if (unstarted() < slots_.slots()) listener_->NodeChanged();
}

// What was left behind may have been removed since.
void Node::LookForRoom() {
  if (slots_.left_behind() == 0) return;
  for (size_t i = 0; i < slot_table_.size(); ++i) {
    if (slot_table_[i] == nullptr || slot_table_[i]->busy()) continue;
    slots_.SetLeftBehind(static_cast<uint32_t>(i),
                         slot_table_[i]->LeftBehind());
  }
}

// False: nothing is there to start, or there is no room for it. What is run
// again goes first: it may need more than the others leave at the end.
bool Node::StartOne() { return StartAgain() || StartNew(); }

bool Node::StartAgain() {
  if (!again_ && !retries_.empty()) {
    PlannedAttempt attempt = retries_.front();
    retries_.pop_front();
    again_ = Prepare(attempt);
    if (!again_) return true;
  }
  if (!again_) return false;
  if (TooLate(*again_)) {
    again_.reset();
    SetAside(1);
    return true;
  }
  slots_.Reserve(again_->cpus, again_->cap_bytes);
  std::optional<SlotClaim> claim = slots_.TakeReserved();
  if (!claim) return false;
  Candidate candidate = *std::move(again_);
  again_.reset();
  Start(std::move(candidate), *std::move(claim));
  return true;
}

bool Node::StartNew() {
  if (!new_ && !waiting_.empty()) {
    PlannedAttempt attempt;
    attempt.index = waiting_.front();
    waiting_.Remove(attempt.index);
    new_ = Prepare(attempt);
    if (!new_) return true;
  }
  if (!new_) return false;
  if (TooLate(*new_)) {
    new_.reset();
    SetAside(1);
    return true;
  }
  // While it waited more may have been learned.
  new_->cap_bytes = cap_rule_.CapOf(new_->subjob, new_->cpus);
  std::optional<SlotClaim> claim = slots_.Take(new_->cpus, new_->cap_bytes);
  if (!claim) return false;
  Candidate candidate = *std::move(new_);
  new_.reset();
  Start(std::move(candidate), *std::move(claim));
  return true;
}

// Nothing: it cannot run, which is recorded.
std::optional<Candidate> Node::Prepare(const PlannedAttempt& attempt) {
  absl::StatusOr<Candidate> candidate = Read(attempt);
  if (!candidate.ok()) {
    Candidate unreadable;
    unreadable.subjob.index = attempt.index;
    unreadable.attempt = attempt.number;
    unreadable.failures = attempt.failures;
    RecordNotStarted(unreadable,
                     {std::string(candidate.status().message()), EINVAL});
    return std::nullopt;
  }
  if (!slots_.Fits(candidate->cpus, candidate->cap_bytes)) {
    RecordNotStarted(*candidate,
                     {absl::StrCat("it needs ", candidate->cpus, " CPUs and ",
                                   FormatSize(candidate->cap_bytes),
                                   ", the node has ", slots_.cpus(), " and ",
                                   FormatSize(slots_.budget_bytes())),
                      0});
    return std::nullopt;
  }
  return *std::move(candidate);
}

absl::StatusOr<Candidate> Node::Read(const PlannedAttempt& attempt) {
  absl::StatusOr<SubJob> subjob = manifest_->Get(attempt.index);
  if (!subjob.ok()) return subjob.status();
  Candidate candidate;
  candidate.attempt = attempt.number;
  candidate.failures = attempt.failures;
  candidate.losses = attempt.losses;
  candidate.cpus = subjob->cpus != 0    ? subjob->cpus
                   : subjob->ranks == 1 ? slots_.DefaultCpus()
                                        : 1;
  candidate.cpus *= subjob->ranks;
  candidate.cap_bytes = attempt.cap_bytes != 0
                            ? attempt.cap_bytes
                            : cap_rule_.CapOf(*subjob, candidate.cpus);
  candidate.subjob = *std::move(subjob);
  return candidate;
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
  *record.mutable_started() = StartedRecord(slot->attempt());
  journal_->Append(record);
  if (flush_timer_ != 0) return;
  flush_timer_ = resources_.loop->After(kStartsWait, [this] {
    flush_timer_ = 0;
    FlushRecords();
  });
}

void Node::CouldNotStart(Slot* slot, const Slot::Failure& why) {
  slots_.Release(slot->claim());
  RecordNotStarted(slot->attempt().candidate, why);
  StartMore();
}

void Node::RecordNodeLost(uint64_t index, uint32_t attempt) {
  JournalRecord record;
  Ended* ended = record.mutable_ended();
  ended->set_index(index);
  ended->set_attempt(attempt);
  ended->set_start_ns(absl::ToUnixNanos(absl::Now()));
  ended->set_end_ns(ended->start_ns());
  ended->set_cause(static_cast<uint32_t>(Cause::kNodeLost));
  journal_->Append(record);
}

void Node::TryLater(const PlannedAttempt& attempt) {
  Loop::Instant due = MonotonicNow() + RetryDelay(attempt.failures);
  later_.emplace(due, attempt);
  if (later_.begin()->first != due && later_timer_ != 0) return;
  resources_.loop->Cancel(later_timer_);
  later_timer_ = resources_.loop->After(RetryDelay(attempt.failures),
                                        [this] { TakeThoseDue(); });
}

void Node::TakeThoseDue() {
  later_timer_ = 0;
  Loop::Instant now = MonotonicNow();
  while (!later_.empty() && later_.begin()->first <= now) {
    retries_.push_back(later_.begin()->second);
    later_.erase(later_.begin());
  }
  if (!later_.empty()) {
    later_timer_ = resources_.loop->After(later_.begin()->first - now,
                                          [this] { TakeThoseDue(); });
  }
  StartMore();
}

// ---- Ending

void Node::Reap() {
  if (!listener_->MayRecord()) return;
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
  slots_.SetLeftBehind(slot->claim().slot, slot->LeftBehind());
  if (static_cast<Cause>(ended->cause()) == Cause::kCompleted) {
    const Candidate& candidate = slot->attempt().candidate;
    run_times_.Completed(
        absl::Nanoseconds(ended->end_ns() - ended->start_ns()));
    cap_rule_.Completed(candidate.subjob, candidate.cpus, ended->peak_bytes(),
                        candidate.cap_bytes);
  }
  Settle(slot->attempt().candidate, ended);
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
  Settle(candidate, &ended);
}

// Records the end of an attempt, which is the sub-job's or makes another.
void Node::Settle(const Candidate& candidate, Ended* ended) {
  Cause cause = static_cast<Cause>(ended->cause());
  PlannedAttempt attempt;
  attempt.index = ended->index();
  attempt.number = ended->attempt();
  attempt.failures = candidate.failures;
  attempt.losses = candidate.losses;
  attempt.cap_bytes = candidate.cap_bytes;
  std::optional<PlannedAttempt> next;
  if (!stopping_ && !end_announced_ && !cancelled_.Contains(attempt.index)) {
    ExitStatus exit{static_cast<int>(ended->exit_code()),
                    static_cast<int>(ended->signal())};
    next = NextAttempt(*resources_.options, attempt, cause, exit,
                       cap_rule_.LimitsOf(candidate.subjob, candidate.cpus));
  }
  ended->set_will_retry(next.has_value());
  JournalRecord record;
  record.mutable_ended()->Swap(ended);
  journal_->Append(record);
  if (next) {
    if (next->failures == attempt.failures) {
      retries_.push_back(*next);  // with a larger cap: no reason to wait
    } else {
      TryLater(*next);
    }
    return;
  }
  ++finished_[static_cast<size_t>(StateOf(cause))];
  if (cause != Cause::kCompleted || slots_.running() == 0) {
    listener_->NodeChanged();
  }
}

}  // namespace cram
