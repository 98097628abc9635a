#include "spank/agent/agent/node.h"

#include <sys/wait.h>

#include <utility>

#include "absl/time/clock.h"
#include "pack/base/clock.h"

namespace cram {
namespace {

// So many starts, then everything else has its turn: where nothing can start,
// signals are heard and failures are counted all the same.
constexpr int kStartsAtOnce = 100;
// A sub-job that has started is seen to run, also when we are killed at once.
constexpr absl::Duration kStartsWait = absl::Milliseconds(20);

}  // namespace

Node::Node(uint32_t id, SlotResources resources, Slots slots,
           ManifestReader* manifest, const Order* order, Records* records,
           Listener* listener)
    : resources_(std::move(resources)),
      slots_(std::move(slots)),
      maker_(resources_.options, &slots_, manifest, order),
      order_(order),
      records_(records),
      listener_(listener),
      outcomes_({id, resources_.loop, order, &line_, &maker_, records, listener,
                 [this] { StartMore(); }}),
      gangs_({id, resources_.loop, &slots_, &maker_,
              [this](uint32_t number) { return SlotOf(number); },
              [this] { StartMore(); }}) {}

void Node::SetManifest(ManifestReader* manifest) {
  maker_.SetManifest(manifest);
  StartMore();
}

void Node::Add(const Work& work) {
  if (stopping_) return;
  if (end_announced_) {
    SetAside(work.size());
    return;
  }
  line_.Add(work);
  outcomes_.RecordCancelled();
  StartMore();
}

void Node::Stop() {
  stopping_ = true;
  outcomes_.NoneAgain();
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
  outcomes_.RecordCancelled();
  StartMore();
}

void Node::AnnounceEnd(int signal) {
  end_announced_ = true;
  outcomes_.NoneAgain();
  SetAside(line_.uncancelled());
  line_.Clear();
  for (const auto& slot : slot_table_) {
    if (slot != nullptr) slot->AnnounceEnd(signal);
  }
}

bool Node::MayRecord() { return MonotonicNow() < listener_->MayRecordBefore(); }

bool Node::FlushRecords() {
  Instant before = listener_->MayRecordBefore();
  if (MonotonicNow() >= before) return false;
  bool were_blocked = records_->blocked();
  bool flushed = records_->Flush(before);
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
  if (doubted()) return Idle::kBenched;
  if (outcomes_.has_set_aside() && unstarted() == 0) return Idle::kTime;
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
  if (!standing_news_.IsDue(now)) return;
  AddPeaks(&now);
  if (!standing_news_.Take(now)) return;
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
  if (starting_ || !MayRecord()) return;
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
  if (!maker_.Has(next->place)) return false;
  // Two that are doubted try what failed on the other.
  if (doubted() && next->tried.failed_on == 0) return false;
  std::optional<Slot::Failure> failure = MakeReady(*next, &head);
  if (failure || maker_.TooLate(*head, resources_.loop->stopped_for())) {
    Candidate candidate = *std::exchange(head, std::nullopt);
    line_.PopFront(queue);
    if (failure && candidate.subjob.ranks > 1 &&
        listener_->RunsOnGang(candidate)) {
      return true;
    }
    failure ? outcomes_.NotStarted(candidate, *failure) : SetAside(1);
    return true;
  }
  std::optional<SlotClaim> claim;
  if (is_new) {
    // While it waited more may have been learned.
    head->cap_bytes = maker_.CapOf(head->subjob, head->cpus);
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
  std::optional<Slot::Failure> failure = maker_.Make(next, &head->emplace());
  return failure ? failure : maker_.WhyTooLarge(**head);
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
    outcomes_.NotStarted(candidate, {std::string(slot.status().message()), 0});
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
  outcomes_.NotStarted(slot->attempt().candidate, why);
  StartMore();
}

// ---- Ending

void Node::Reap() {
  if (!MayRecord()) return;
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
  const Candidate& candidate = slot->attempt().candidate;
  bool completed = static_cast<Cause>(ended->cause()) == Cause::kCompleted;
  if (completed) maker_.Completed(candidate, *ended);
  outcomes_.Settle(candidate, ended);
  if (completed && slots_.running() == 0) listener_->NodeChanged();
  StartMore();
}

void Node::RanElsewhere(uint64_t place, bool completed) {
  if (stopping_) return;
  outcomes_.RanElsewhere(place, completed);
  StartMore();
}

void Node::GoOn() {
  outcomes_.GoOn();
  StartMore();
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
  if (std::optional<Slot::Failure> failure = maker_.Make(planned, &candidate)) {
    outcomes_.NotStarted(candidate, *failure);
    return std::nullopt;
  }
  if (maker_.TooLate(candidate, resources_.loop->stopped_for())) {
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

void Node::SettleWide(Candidate candidate, Ended* ended) {
  outcomes_.SettleWide(std::move(candidate), ended);
  if (slots_.running() == 0) listener_->NodeChanged();
}

}  // namespace cram
