#include "spank/agent/agent/node.h"

#include <errno.h>
#include <sys/wait.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "pack/base/size.h"
#include "pack/journal/sign_of_life.h"
#include "spank/agent/agent/lost_share.h"

namespace cram {
namespace {

// So many starts, then everything else has its turn: where nothing can start,
// signals are heard and failures are counted all the same.
constexpr int kStartsAtOnce = 100;
// A sub-job that has started is seen to run, also when we are killed at once.
constexpr absl::Duration kStartsWait = absl::Milliseconds(20);
// Records of sub-jobs that were cancelled, then everything else has its turn.
constexpr uint64_t kCancelsAtOnce = 1000;
constexpr absl::Duration kCancelsWait = absl::Milliseconds(500);
// How many wait changes all the time, and is worth a record now and then.
constexpr absl::Duration kCountsWait = absl::Seconds(10);

bool SamePeaks(const Standing& a, const Standing& b) {
  return std::equal(
      a.peaks().begin(), a.peaks().end(), b.peaks().begin(), b.peaks().end(),
      [](const RunningPeak& one, const RunningPeak& other) {
        return one.index() == other.index() && one.bytes() == other.bytes();
      });
}

}  // namespace

Node::Node(uint32_t id, SlotResources resources, Slots slots,
           ManifestReader* manifest, const Order* order, Records* records,
           Listener* listener)
    : id_(id),
      resources_(std::move(resources)),
      slots_(std::move(slots)),
      cap_rule_(resources_.options, &slots_),
      manifest_(manifest),
      order_(order),
      records_(records),
      listener_(listener),
      gangs_({id, resources_.loop, &slots_, manifest,
              [this](uint32_t number) { return SlotOf(number); },
              [this](const SubJob& subjob, uint32_t cpus) {
                return cap_rule_.CapOf(subjob, cpus);
              },
              [this] { StartMore(); }}) {}

void Node::SetManifest(ManifestReader* manifest) {
  manifest_ = manifest;
  StartMore();
}

void Node::Add(const Work& work) {
  if (stopping_) return;
  if (end_announced_) {
    SetAside(work.size());
    return;
  }
  line_.Add(work);
  RecordCancelled();
  StartMore();
}

void Node::Stop() {
  stopping_ = true;
  line_ = Line();
  gangs_.Stop();
  for (const auto& slot : slot_table_) {
    if (slot != nullptr) slot->Cancel(EndReason::kRunStopped);
  }
  if (slots_.running() == 0) listener_->NodeChanged();
}

void Node::Cancel(const IndexSet& places) {
  if (stopping_) return;
  line_.Cancel(places);
  for (const auto& slot : slot_table_) {
    if (slot == nullptr || !slot->busy()) continue;
    uint64_t index = slot->attempt().candidate.subjob.index;
    if (places.Contains(order_->PlaceOf(index))) {
      slot->Cancel(EndReason::kCancelled);
    }
  }
  RecordCancelled();
  StartMore();
}

// There may be a million of them: everything else has its turn between.
void Node::RecordCancelled() {
  if (cancel_timer_ != 0 || !line_.has_cancelled()) return;
  if (!records_->blocked()) {
    Work now = line_.TakeCancelled(kCancelsAtOnce);
    for (const auto& [begin, end] : now.indexes().ranges()) {
      for (uint64_t place = begin; place < end; ++place) {
        Ended ended =
            EndedAtOnce(order_->IndexAt(place), now.TriedOf(place).attempts,
                        Cause::kCancelled);
        ended.set_cancelled_by_user(true);
        Settle(Candidate(), &ended);
      }
    }
  }
  if (!line_.has_cancelled()) return;
  cancel_timer_ = resources_.loop->After(
      records_->blocked() ? kCancelsWait : absl::ZeroDuration(), [this] {
        cancel_timer_ = 0;
        RecordCancelled();
      });
}

void Node::AnnounceEnd(int signal) {
  end_announced_ = true;
  SetAside(line_.uncancelled());
  line_.Clear();
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
  absl::Duration length = TimeLimit(*resources_.options, candidate.subjob);
  if (length == absl::InfiniteDuration()) length = run_times_.Expected();
  return absl::Now() + length > end_;
}

bool Node::FlushRecords() {
  if (!listener_->MayRecord()) return false;
  bool were_blocked = records_->blocked();
  bool flushed = records_->Flush();
  if (records_->blocked() == were_blocked) return flushed;
  listener_->RecordsBlocked(records_->status());
  for (const auto& slot : slot_table_) {
    if (slot != nullptr) slot->ReadOutput(!records_->blocked());
  }
  StartMore();
  return !records_->blocked();
}

Idle Node::IdleNow() const {
  if (stopping_) return Idle::kStopping;
  if (breaker_.open()) return Idle::kBenched;
  if (finished_[static_cast<size_t>(State::kPending)] != 0 &&
      unstarted() == 0) {
    return Idle::kTime;
  }
  if (slots_.running() >= slots_.slots()) return Idle::kNot;
  if (records_->blocked()) return Idle::kRecords;
  const std::optional<Candidate>& next = again_ ? again_ : new_;
  if (next) return slots_.HasCpus(next->cpus) ? Idle::kMemory : Idle::kCpus;
  return unstarted() == 0 ? Idle::kNoWork : Idle::kNot;
}

void Node::RecordStanding() {
  Standing now;
  now.set_time_ns(absl::ToUnixNanos(absl::Now()));
  now.set_idle(static_cast<uint32_t>(IdleNow()));
  now.set_unstarted(unstarted());
  absl::Duration since = absl::Nanoseconds(now.time_ns() - standing_.time_ns());
  bool same = now.idle() == standing_.idle();
  if (same && since < kCountsWait) return;
  AddPeaks(&now);
  same = same && now.unstarted() == standing_.unstarted() &&
         SamePeaks(now, standing_);
  if (same && since < kSignOfLife) return;
  standing_ = now;
  JournalRecord record;
  *record.mutable_standing() = now;
  records_->Append(record);
}

void Node::AddPeaks(Standing* standing) const {
  for (const auto& slot : slot_table_) {
    if (slot == nullptr) continue;
    uint64_t bytes = slot->PeakSoFar();
    if (bytes == 0) continue;
    RunningPeak* peak = standing->add_peaks();
    peak->set_index(slot->attempt().candidate.subjob.index);
    peak->set_bytes(bytes);
  }
}

void Node::HandOnOutput() {
  for (const auto& slot : slot_table_) {
    if (slot != nullptr) slot->HandOnOutput();
  }
}

void Node::LookAtThem() {
  for (const auto& slot : slot_table_) {
    if (slot != nullptr) slot->LookAtIt();
  }
}

// ---- Starting

// What is run again goes first: it may need more than the others leave at the
// end.
void Node::StartMore() {
  if (starting_ || !listener_->MayRecord()) return;
  starting_ = true;
  LookForRoom();
  gangs_.TakeRoom();
  for (int starts = 0;
       !stopping() && !records_->blocked() &&
       (StartFrom(Line::Queue::kAgain) || StartFrom(Line::Queue::kNew));
       ++starts) {
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

// False: nothing is there to start, or there is no room for it.
bool Node::StartFrom(Line::Queue queue) {
  bool is_new = queue == Line::Queue::kNew;
  // There is one place for which room is kept.
  if (!is_new && gangs_.waits()) return false;
  std::optional<Candidate>& head = is_new ? new_ : again_;
  std::optional<Planned> next = line_.Front(queue);
  if (!next) {
    head.reset();
    return false;
  }
  if (next->place >= manifest_->size()) return false;
  // Two that are doubted try what failed on the other.
  if (doubted() && next->tried.failed_on == 0) return false;
  std::optional<Slot::Failure> failure = MakeReady(*next, &head);
  if (failure || TooLate(*head)) {
    Candidate candidate = *std::exchange(head, std::nullopt);
    line_.PopFront(queue);
    if (failure && candidate.subjob.ranks > 1 &&
        listener_->RunsOnGang(candidate)) {
      return true;
    }
    failure ? RecordNotStarted(candidate, *failure) : SetAside(1);
    return true;
  }
  std::optional<SlotClaim> claim;
  if (is_new) {
    // While it waited more may have been learned.
    head->cap_bytes = cap_rule_.CapOf(head->subjob, head->cpus);
    claim = slots_.Take(head->cpus, head->cap_bytes);
  } else {
    slots_.Reserve(head->cpus, head->cap_bytes);
    claim = slots_.TakeReserved();
  }
  if (!claim) return false;
  Candidate candidate = *std::exchange(head, std::nullopt);
  line_.PopFront(queue);
  Start(std::move(candidate), *std::move(claim));
  return true;
}

// Reads it, unless that was done. Why it can never run here, if so.
std::optional<Slot::Failure> Node::MakeReady(const Planned& next,
                                             std::optional<Candidate>* head) {
  if (*head && (*head)->subjob.index == order_->IndexAt(next.place) &&
      (*head)->tried == next.tried) {
    return std::nullopt;
  }
  Candidate& candidate = head->emplace();
  std::optional<Slot::Failure> failure = ReadCandidate(next, &candidate);
  if (failure) return failure;
  if (slots_.Fits(candidate.cpus, candidate.cap_bytes)) return std::nullopt;
  return Slot::Failure{
      absl::StrCat("it needs ", candidate.cpus, " CPUs and ",
                   FormatSize(candidate.cap_bytes), ", the node has ",
                   slots_.cpus(), " and ", FormatSize(slots_.budget_bytes())),
      0};
}

std::optional<Slot::Failure> Node::ReadCandidate(const Planned& next,
                                                 Candidate* candidate) {
  candidate->subjob.index = order_->IndexAt(next.place);
  candidate->tried = next.tried;
  absl::StatusOr<SubJob> subjob = manifest_->Get(candidate->subjob.index);
  if (!subjob.ok()) {
    return Slot::Failure{std::string(subjob.status().message()), EINVAL};
  }
  candidate->subjob = *std::move(subjob);
  const SubJob& said = candidate->subjob;
  candidate->cpus = said.cpus != 0    ? said.cpus
                    : said.ranks == 1 ? slots_.DefaultCpus()
                                      : 1;
  candidate->cpus *= said.ranks;
  candidate->cap_bytes = next.tried.cap_bytes != 0
                             ? next.tried.cap_bytes
                             : cap_rule_.CapOf(said, candidate->cpus);
  return std::nullopt;
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
  if (gangs_.Owns(slot)) {
    gangs_.Started(slot);
    return;
  }
  JournalRecord record;
  *record.mutable_started() = StartedRecord(slot->attempt());
  records_->Append(record);
  FlushSoon();
}

void Node::FlushSoon() {
  if (flush_timer_ != 0) return;
  flush_timer_ = resources_.loop->After(kStartsWait, [this] {
    flush_timer_ = 0;
    FlushRecords();
    // Those that are still there: for the others it costs nothing.
    for (const auto& started : slot_table_) {
      if (started != nullptr) started->CheckThatItIsHeld();
    }
  });
}

void Node::CouldNotStart(Slot* slot, const Slot::Failure& why) {
  if (gangs_.Owns(slot)) {
    gangs_.CouldNotStart(slot, why);
    return;
  }
  slots_.Release(slot->claim());
  RecordNotStarted(slot->attempt().candidate, why);
  StartMore();
}

void Node::TryLater(const Planned& planned) {
  absl::Duration delay = RetryDelay(planned.tried.failures);
  Loop::Instant due = MonotonicNow() + delay;
  line_.AddLater(planned, due);
  if (line_.next_due() != due && later_timer_ != 0) return;
  resources_.loop->Cancel(later_timer_);
  later_timer_ = resources_.loop->After(delay, [this] { TakeThoseDue(); });
}

void Node::TakeThoseDue() {
  later_timer_ = 0;
  Loop::Instant now = MonotonicNow();
  Work elsewhere;
  for (const Planned& planned : line_.TakeDue(now)) {
    if (planned.tried.failed_on == 0) {
      line_.AddAgain(planned);
    } else {
      elsewhere.Add(planned.place, planned.tried);
    }
  }
  if (!elsewhere.empty()) listener_->RunElsewhere(elsewhere);
  if (std::optional<Loop::Instant> next = line_.next_due()) {
    later_timer_ =
        resources_.loop->After(*next - now, [this] { TakeThoseDue(); });
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
  slots_.SetLeftBehind(slot->claim().slot, slot->LeftBehind());
  if (gangs_.Owns(slot)) {
    gangs_.AttemptEnded(slot, ended);
    return;
  }
  slots_.Release(slot->claim());
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
  Ended ended = EndedAtOnce(candidate.subjob.index, candidate.tried.attempts,
                            Cause::kCouldNotStart);
  ended.set_cap_bytes(candidate.cap_bytes);
  ended.set_cpus(candidate.cpus);
  ended.set_failed_step(why.step);
  ended.set_error_number(why.error);
  Settle(candidate, &ended);
}

void Node::RecordNodeLost(uint64_t place, uint32_t attempt) {
  JournalRecord record;
  *record.mutable_ended() =
      EndedAtOnce(order_->IndexAt(place), attempt, Cause::kNodeLost);
  records_->Append(record);
}

// Records the end of an attempt, which is the sub-job's or makes another.
void Node::Settle(const Candidate& candidate, Ended* ended) {
  Cause cause = static_cast<Cause>(ended->cause());
  uint64_t place = order_->PlaceOf(ended->index());
  Tried tried = candidate.tried;
  tried.cap_bytes = candidate.cap_bytes;
  std::optional<Tried> next;
  if (!stopping_ && !end_announced_ && !line_.IsCancelled(place)) {
    ExitStatus exit{static_cast<int>(ended->exit_code()),
                    static_cast<int>(ended->signal())};
    next = NextAttempt(*resources_.options, tried, cause, exit,
                       candidate.subjob.retry_codes,
                       cap_rule_.LimitsOf(candidate.subjob, candidate.cpus));
  }
  ended->set_will_retry(next.has_value());
  JournalRecord record;
  record.mutable_ended()->Swap(ended);
  records_->Append(record);
  if (tried.failed_on != 0) {
    listener_->RanFor(tried.failed_on, place, cause == Cause::kCompleted);
  }
  if (next) {
    bool elsewhere = cause == Cause::kCouldNotStart && !candidate.wide &&
                     listener_->HasOthers();
    next->failed_on = elsewhere ? id_ + 1 : 0;
    if (next->failures == tried.failures) {
      line_.AddAgain({place, *next});  // with a larger cap: no reason to wait
    } else {
      TryLater({place, *next});
    }
    return;
  }
  ++finished_[static_cast<size_t>(StateOf(cause))];
  if (tried.failed_on == 0 && !candidate.wide) {
    HeedBreaker(tried, record.ended());
  }
  if (cause != Cause::kCompleted || slots_.running() == 0) {
    listener_->NodeChanged();
  }
}

// ---- Sub-jobs on several nodes

std::optional<Candidate> Node::ReadWide(const Planned& planned) {
  if (line_.IsCancelled(planned.place)) {
    Work work;
    work.Add(planned.place, planned.tried);
    Add(work);
    return std::nullopt;
  }
  Candidate candidate;
  candidate.wide = true;
  if (std::optional<Slot::Failure> failure =
          ReadCandidate(planned, &candidate)) {
    RecordNotStarted(candidate, *failure);
    return std::nullopt;
  }
  if (TooLate(candidate)) {
    SetAside(1);
    return std::nullopt;
  }
  return candidate;
}

void Node::RecordWideStarted(const Candidate& candidate, absl::Time start) {
  Attempt attempt;
  attempt.candidate = candidate;
  attempt.start = start;
  JournalRecord record;
  *record.mutable_started() = StartedRecord(attempt);
  records_->Append(record);
  FlushSoon();
}

// What lost a node is run again, as it is when a node's own are lost.
void Node::SettleWide(Candidate candidate, Ended* ended) {
  candidate.wide = true;
  uint64_t place = order_->PlaceOf(candidate.subjob.index);
  Tried next = candidate.tried;
  ++next.attempts;
  ++next.losses;
  bool lost = static_cast<Cause>(ended->cause()) == Cause::kNodeLost;
  if (!lost || next.losses >= LostShare::kMostLosses || stopping_ ||
      end_announced_ || line_.IsCancelled(place)) {
    Settle(candidate, ended);
    return;
  }
  ended->set_will_retry(true);
  JournalRecord record;
  record.mutable_ended()->Swap(ended);
  records_->Append(record);
  line_.AddAgain({place, next});
  StartMore();
}

// ---- What fails here and not elsewhere

void Node::HeedBreaker(const Tried& tried, const Ended& ended) {
  if (stopping_ || end_announced_ || !listener_->HasOthers()) return;
  Tried next = tried;
  ++next.attempts;
  next.failed_on = id_ + 1;
  breaker_.Ended(order_->PlaceOf(ended.index()), next,
                 static_cast<Cause>(ended.cause()),
                 absl::Nanoseconds(ended.end_ns() - ended.start_ns()));
  if (!breaker_.wants_trial()) return;
  listener_->RunElsewhere(Withdraw(breaker_.TakeTrial()));
  resources_.loop->Cancel(trial_timer_);
  trial_timer_ = resources_.loop->After(Breaker::kPatience, [this] {
    trial_timer_ = 0;
    breaker_.TimePassed();
    StartMore();
  });
}

std::array<uint64_t, kStates> Node::finished() const {
  std::array<uint64_t, kStates> finished = finished_;
  finished[static_cast<size_t>(State::kFailed)] -= breaker_.rest();
  return finished;
}

// Their ends are recorded, but the last ones of their sub-jobs no more.
Work Node::Withdraw(Work failed) {
  finished_[static_cast<size_t>(State::kFailed)] -= failed.size();
  return failed;
}

void Node::RanElsewhere(uint64_t place, bool completed) {
  if (stopping_) return;
  bool was_benched = breaker_.benched();
  breaker_.TriedElsewhere(place, completed);
  if (breaker_.benched() && !was_benched) {
    Work work = line_.TakeBack(UINT64_MAX);
    work.AddAll(Withdraw(breaker_.TakeRest()));
    listener_->NodeBenched(work);
  }
  StartMore();
}

void Node::GoOn() {
  breaker_.GoOn();
  StartMore();
}

}  // namespace cram
