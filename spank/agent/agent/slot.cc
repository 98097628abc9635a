#include "spank/agent/agent/slot.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "pack/base/clock.h"
#include "pack/base/io.h"
#include "spank/ranks/rank_command.h"

namespace cram {
namespace {

// Between SIGTERM and SIGKILL. Well below Slurm's KillWait (30 s), after which
// Slurm would kill the agent with the records unwritten.
constexpr absl::Duration kGrace = absl::Seconds(5);
// When Slurm signals a step it signals every process, in no order: a sub-job
// may die of it before the agent has its own. Long enough to hear of that.
constexpr absl::Duration kSignalSettles = absl::Milliseconds(50);
// How long processes may take to die of SIGKILL. One in uninterruptible sleep
// cannot; its slot is used again all the same.
constexpr absl::Duration kDyingTakes = absl::Seconds(10);
constexpr absl::Duration kBetweenKills = absl::Milliseconds(1);
// Those of other slots' sub-jobs are looked at, too; what is not done in time
// is done at the end of the run.
constexpr absl::Duration kJudgingFiles = absl::Milliseconds(20);
// Output beyond this does not wait for the next flush.
constexpr size_t kMuchOutput = 1 << 20;

}  // namespace

Slot::Slot(uint32_t number, const SlotResources* resources, Listener* listener)
    : number_(number),
      r_(resources),
      listener_(listener),
      directory_(resources->temporary_directory, number),
      ranks_(resources->loop, number, resources->rank_program,
             resources->shared_memory) {}

absl::StatusOr<std::unique_ptr<Slot>> Slot::Create(
    uint32_t number, const SlotResources* resources, Listener* listener) {
  std::unique_ptr<Slot> slot(new Slot(number, resources, listener));
  absl::StatusOr<std::unique_ptr<SlotCap>> cap =
      resources->caps->MakeSlot(number);
  if (!cap.ok()) return cap.status();
  slot->cap_ = *std::move(cap);
  Slot* self = slot.get();
  absl::StatusOr<std::unique_ptr<SlotLaunch>> launch = SlotLaunch::Create(
      resources->loop, *resources->environment, [self] { self->Launched(); });
  if (!launch.ok()) return launch.status();
  slot->launch_ = *std::move(launch);
  absl::Status watched = slot->Watch();
  if (!watched.ok()) return watched;
  return slot;
}

Slot::~Slot() {
  CancelTimers();
  if (cap_ != nullptr) r_->loop->Unwatch(cap_->event_fd());
}

absl::Status Slot::Watch() {
  if (cap_->event_fd() >= 0) {
    (void)r_->loop->Watch(cap_->event_fd(), cap_->event(),
                          [this](uint32_t) { CheckCap(); });
  }
  if (r_->output == nullptr) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<SlotOutput>> output =
      SlotOutput::Create(r_->loop, r_->output, r_->options->output_limit,
                         [this] { OutputHeard(); });
  if (!output.ok()) return output.status();
  output_ = *std::move(output);
  return absl::OkStatus();
}

// ---- Output

void Slot::OutputHeard() {
  if (r_->output->buffered() > kMuchOutput) listener_->OutputWaits();
  if (r_->options->output_limit_kills && busy_ &&
      output_->collector()->over_limit()) {
    End(EndReason::kOutputBudget);
  }
}

void Slot::ReadOutput(bool on) {
  if (output_ != nullptr) output_->Read(on);
}

void Slot::HandOnOutput() {
  if (busy_ && output_ != nullptr) output_->collector()->HandOn();
}

// ---- Starting

void Slot::Start(Candidate candidate, SlotClaim claim) {
  attempt_ = {};
  attempt_.candidate = std::move(candidate);
  attempt_.slot = number_;
  start_ = Beginning();
  attempt_.start = start_.time;
  attempt_.data_limit_bytes = DataLimitBytes();
  claim_ = std::move(claim);
  Streams streams;
  std::optional<Failure> failure = Prepare(&streams);
  if (failure) {
    listener_->CouldNotStart(this, *failure);
    return;
  }
  busy_ = true;
  Launch(std::move(streams));
}

std::optional<Slot::Failure> Slot::Prepare(Streams* streams) {
  const SubJob& subjob = attempt_.candidate.subjob;
  if (output_ != nullptr) {
    output_->Begin(subjob.index, attempt_.candidate.tried.attempts);
  }
  absl::Status status = cap_->Arm(attempt_.candidate.cap_bytes);
  if (status.ok()) status = directory_.Prepare();
  if (status.ok()) cap_->BeginDirectory(directory_.path());
  if (!status.ok()) return Failure{std::string(status.message()), 0};
  *streams = OpenStreams(subjob, attempt_.candidate.tried.attempts,
                         *r_->options, collector(), IsLaterPart());
  if (!streams->failed_step.empty()) {
    return Failure{streams->failed_step, streams->error};
  }
  if (HasRanks()) {
    status = ranks_.Prepare(attempt_.candidate, r_->options->output, *streams,
                            output_.get());
  }
  if (!status.ok()) return Failure{std::string(status.message()), 0};
  if (r_->oom_score != nullptr) status = r_->oom_score->LaunchBegins();
  if (!status.ok()) return Failure{std::string(status.message()), 0};
  return std::nullopt;
}

bool Slot::HasRanks() const {
  return attempt_.candidate.gang || NeedsRanks(attempt_.candidate.subjob);
}

bool Slot::IsHub() const {
  return attempt_.candidate.gang && attempt_.candidate.gang->is_hub();
}

bool Slot::IsLaterPart() const {
  return attempt_.candidate.gang && !attempt_.candidate.gang->is_hub();
}

void Slot::Launch(Streams streams) {
  AttemptFacts facts;
  facts.attempt = attempt_.candidate.tried.attempts;
  facts.slot = number_;
  facts.ranks = attempt_.candidate.gang ? attempt_.candidate.gang->ranks_here()
                                        : attempt_.candidate.subjob.ranks;
  facts.cpus = attempt_.candidate.cpus;
  facts.cap_bytes = attempt_.candidate.cap_bytes;
  facts.temporary_directory = directory_.path();
  facts.memory_cgroup = cap_->directory();
  SpawnRequest request;
  request.cgroup_fd = cap_->entry_directory_fd();
  request.cgroup_procs_fd = cap_->entry_fd();
  request.mark = cap_->mark();
  request.open_files = &r_->open_files;
  launch_->Begin(attempt_, facts, std::move(streams),
                 HasRanks() ? &ranks_ : nullptr, request,
                 r_->cpus->Set(claim_.cpus));
  attempt_.told = launch_->told();
}

void Slot::Launched() {
  std::optional<SlotLaunch::Result> result = launch_->Take();
  if (!result) return;
  if (r_->oom_score != nullptr) r_->oom_score->LaunchEnds();
  CancelTimers();
  if (result->process.pid < 0) {
    busy_ = false;
    std::string step = result->process.failed_step;
    if (step == "execve") {
      step = absl::StrCat("run ", attempt_.candidate.subjob.argv[0]);
    } else if (step == "chdir") {
      step = absl::StrCat("chdir ", attempt_.candidate.subjob.cwd);
    }
    listener_->CouldNotStart(this, {step, result->process.error});
    return;
  }
  leader_ = result->process.pid;
  is_held_ = false;
  cap_->Started(leader_);
  attempt_.leader = leader_;
  listener_->AttemptStarted(this);
  if (result->end) {
    LeaderEnded(result->end->wait_status, result->end->usage);
    return;
  }
  ArmTimers();
  if (IsHub()) {
    ranks_.WhenItListens(
        [this](uint16_t port) { listener_->HubListens(this, port); });
  }
  if (attempt_.ended_for != EndReason::kNone) AskToEnd();
}

// 0: none.
uint64_t Slot::DataLimitBytes() const {
  const Candidate& candidate = attempt_.candidate;
  MemMode mode = r_->options->mem_mode.value_or(candidate.subjob.mem_mode);
  return mode == MemMode::kRlimit ? DataLimit(candidate.cap_bytes) : 0;
}

void Slot::ArmTimers() {
  absl::Duration limit = TimeLimit(*r_->options, attempt_.candidate.subjob);
  if (limit != absl::InfiniteDuration() && !IsLaterPart()) {
    limit_timer_ = r_->loop->AfterAwake(limit, [this] {
      limit_timer_ = 0;
      End(EndReason::kTimeLimit);
    });
  }
  LookLater();
}

void Slot::CancelTimers() {
  for (Loop::TimerId* timer : {&limit_timer_, &kill_timer_, &look_timer_}) {
    r_->loop->Cancel(*timer);
    *timer = 0;
  }
}

// ---- Ending

void Slot::CheckCap() {
  r_->loop->Cancel(look_timer_);
  look_timer_ = 0;
  bool over = cap_->OverCap();
  if (!busy_) return;
  if (over) {
    cap_->KillAll();
  } else {
    LookLater();
  }
}

void Slot::CheckThatItIsHeld() {
  if (leader_ == 0 || is_held_) return;
  is_held_ = cap_->Holds(leader_);
  if (is_held_) return;
  attempt_.outside = true;
  kill(-leader_, SIGKILL);
  KillNow();
}

void Slot::LookAtIt() {
  is_held_ = false;
  CheckThatItIsHeld();
  if (leader_ != 0) cap_->Sample();
}

uint64_t Slot::PeakSoFar() { return leader_ != 0 ? cap_->peak_bytes() : 0; }

void Slot::LookLater() {
  if (cap_->look_again() == absl::InfiniteDuration()) return;
  look_timer_ = r_->loop->After(cap_->look_again(), [this] { CheckCap(); });
}

void Slot::Cancel(EndReason reason) {
  if (!busy_) return;
  bool announced =
      attempt_.ended_for == EndReason::kRunStopped && kill_timer_ == 0;
  if (announced && leader_ != 0) AskToEnd();
  End(reason);
}

// Who is asked to end has not completed, whatever it says; of another signal
// only the user knows what it means.
void Slot::AnnounceEnd(int signal) {
  if (launch_->under_way()) Launched();
  if (!busy_ || attempt_.ended_for != EndReason::kNone) return;
  if (IsLaterPart()) return;  // the first part tells it
  attempt_.ended_for =
      signal == SIGTERM ? EndReason::kRunStopped : EndReason::kJobEnd;
  if (leader_ == 0) return;
  kill(-leader_, signal);
  kill(-leader_, SIGCONT);
}

void Slot::End(EndReason reason) {
  if (launch_->under_way()) Launched();
  if (!busy_) return;
  if (attempt_.ended_for != EndReason::kNone &&
      attempt_.ended_for != EndReason::kJobEnd) {
    return;
  }
  attempt_.ended_for = reason;
  if (leader_ != 0 || launch_->under_way()) AskToEnd();
}

// SIGTERM, a grace, SIGKILL. While the launch is under way nobody is there to
// be asked; then it is called again after it.
void Slot::AskToEnd() {
  if (leader_ != 0) {
    // The sub-job leads a session: its process group is the one to ask. One
    // that was stopped must wake to hear it.
    kill(-leader_, SIGTERM);
    kill(-leader_, SIGCONT);
  }
  kill_timer_ = r_->loop->After(kGrace, [this] {
    kill_timer_ = 0;
    KillNow();
  });
}

void Slot::KillNow() {
  // A program may take for ever to load.
  pid_t pid = launch_->under_way() ? launch_->child() : leader_;
  if (pid != 0) kill(pid, SIGKILL);
  cap_->KillAll();
}

bool Slot::Reaped(pid_t pid, int wait_status, const rusage& usage) {
  if (launch_->under_way()) {
    bool is_ours = launch_->Reaped(pid, {wait_status, usage});
    if (is_ours) Launched();
    return is_ours;
  }
  if (leader_ != pid) return false;
  LeaderEnded(wait_status, usage);
  return true;
}

void Slot::LeaderEnded(int wait_status, const rusage& usage) {
  leader_ = 0;
  attempt_.end = start_.Now();
  attempt_.exit = ExitStatus::FromWait(wait_status);
  attempt_.usage = usage;
  CancelTimers();
  bool ended_by_us = attempt_.ended_for != EndReason::kNone;
  int signal = attempt_.exit.signal;
  if (!ended_by_us) {
    cap_->LeaderEnded(attempt_.exit,
                      signal == 0 ? 0 : LargestProcessBytes(usage));
  }
  bool perhaps_slurms = r_->signals_reach_all && !ended_by_us &&
                        (signal == SIGTERM || signal == SIGINT);
  if (!perhaps_slurms) {
    Finish(kDyingTakes);
    return;
  }
  kill_timer_ = r_->loop->After(kSignalSettles, [this] {
    kill_timer_ = 0;
    Finish(kDyingTakes);
  });
}

// Ends what the leader left running, then the attempt.
void Slot::Finish(absl::Duration patience) {
  if (cap_->KillAll() || patience <= absl::ZeroDuration()) {
    Conclude();
    return;
  }
  kill_timer_ = r_->loop->After(kBetweenKills, [this, patience] {
    kill_timer_ = 0;
    Finish(patience - kBetweenKills);
  });
}

void Slot::Conclude() {
  if (HasRanks()) attempt_.ranks = ranks_.End();
  Ended ended = EndedRecord(attempt_, cap_.get(), collector(),
                            r_->options->output_limit_kills);
  directory_.Empty();
  cap_->RemoveFiles(attempt_.start, kJudgingFiles);
  busy_ = false;
  listener_->AttemptEnded(this, &ended);
}

}  // namespace cram
