#include "spank/agent/agent/slot.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "pack/base/io.h"
#include "pack/base/program_path.h"
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
// A sub-job that ends before this is heard of once, when it has ended.
constexpr absl::Duration kSoonLaunched = absl::Milliseconds(10);
// Output beyond this does not wait for the next flush.
constexpr size_t kMuchOutput = 1 << 20;

}  // namespace

Slot::Slot(uint32_t number, const SlotResources* resources, Listener* listener)
    : number_(number),
      r_(resources),
      listener_(listener),
      directory_(resources->temporary_directory, number),
      ranks_(resources->loop, number, resources->rank_program,
             resources->shared_memory),
      environment_(*resources->environment) {}

absl::StatusOr<std::unique_ptr<Slot>> Slot::Create(
    uint32_t number, const SlotResources* resources, Listener* listener) {
  std::unique_ptr<Slot> slot(new Slot(number, resources, listener));
  absl::StatusOr<std::unique_ptr<SlotCap>> cap =
      resources->caps->MakeSlot(number);
  if (!cap.ok()) return cap.status();
  slot->cap_ = *std::move(cap);
  absl::StatusOr<std::unique_ptr<Launcher>> launcher = Launcher::Create();
  if (!launcher.ok()) return launcher.status();
  slot->launcher_ = *std::move(launcher);
  absl::Status watched = slot->Watch();
  if (!watched.ok()) return watched;
  return slot;
}

Slot::~Slot() {
  CancelTimers();
  if (cap_ != nullptr) r_->loop->Unwatch(cap_->event_fd());
  if (launcher_ != nullptr) r_->loop->Unwatch(launcher_->done_fd());
}

absl::Status Slot::Watch() {
  (void)r_->loop->Watch(launcher_->done_fd(), EPOLLIN,
                        [this](uint32_t) { Launched(); });
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
  attempt_.start = absl::Now();
  attempt_.data_limit_bytes = DataLimitBytes();
  claim_ = std::move(claim);
  std::optional<Failure> failure = Prepare();
  if (failure) {
    listener_->CouldNotStart(this, *failure);
    return;
  }
  busy_ = true;
  Launch();
}

std::optional<Slot::Failure> Slot::Prepare() {
  const SubJob& subjob = attempt_.candidate.subjob;
  if (output_ != nullptr) {
    output_->Begin(subjob.index, attempt_.candidate.tried.attempts);
  }
  absl::Status status = cap_->Arm(attempt_.candidate.cap_bytes);
  if (status.ok()) status = directory_.Prepare();
  if (!status.ok()) return Failure{std::string(status.message()), 0};
  streams_ = OpenStreams(subjob, attempt_.candidate.tried.attempts,
                         *r_->options, collector(), IsLaterPart());
  if (!streams_.failed_step.empty()) {
    return Failure{streams_.failed_step, streams_.error};
  }
  if (HasRanks()) {
    status = ranks_.Prepare(attempt_.candidate, r_->options->output, streams_,
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

void Slot::Launch() {
  const SubJob& subjob = attempt_.candidate.subjob;
  AttemptFacts facts;
  facts.attempt = attempt_.candidate.tried.attempts;
  facts.slot = number_;
  facts.ranks = attempt_.candidate.gang ? attempt_.candidate.gang->ranks_here()
                                        : subjob.ranks;
  facts.cpus = attempt_.candidate.cpus;
  facts.cap_bytes = attempt_.candidate.cap_bytes;
  facts.temporary_directory = directory_.path();
  facts.memory_cgroup = cap_->directory();
  argv_.clear();
  bool ranks = HasRanks();
  const std::vector<std::string>& argv = ranks ? ranks_.command() : subjob.argv;
  for (const std::string& word : argv) {
    argv_.push_back(const_cast<char*>(word.c_str()));
  }
  argv_.push_back(nullptr);

  SpawnRequest request;
  request.envp = environment_.Build(subjob, facts);
  attempt_.told = environment_.told();
  programs_ = ProgramPaths(argv[0], environment_.path());
  request.programs = &programs_;
  request.argv = argv_.data();
  request.cwd = subjob.cwd.empty() ? nullptr : subjob.cwd.c_str();
  request.stdin_fd = streams_.in;
  request.stdout_fd = streams_.out;
  request.stderr_fd = streams_.err;
  if (ranks) {
    request.report_fd = ranks_.report_fd();
    request.kept_fds = &ranks_.kept_fds();
  }
  request.cgroup_fd = cap_->entry_directory_fd();
  request.cgroup_procs_fd = cap_->entry_fd();
  request.open_files = &r_->open_files;
  if (LimitData()) request.data = &data_;
  launching_ = true;
  launcher_->Launch(request, r_->cpus->Set(claim_.cpus));
  launch_timer_ = r_->loop->After(kSoonLaunched, [this] {
    launch_timer_ = 0;
    Launched();
  });
}

void Slot::Launched() {
  std::optional<SpawnResult> result = launcher_->TakeResult();
  if (!result) {
    if (launching_) launcher_->TellWhenDone();
    return;
  }
  launching_ = false;
  auto early_ends = std::exchange(early_ends_, {});
  if (r_->oom_score != nullptr) r_->oom_score->LaunchEnds();
  streams_ = {};
  CancelTimers();
  if (result->pid < 0) {
    busy_ = false;
    std::string step = result->failed_step;
    if (step == "execve") {
      step = absl::StrCat("run ", attempt_.candidate.subjob.argv[0]);
    } else if (step == "chdir") {
      step = absl::StrCat("chdir ", attempt_.candidate.subjob.cwd);
    }
    listener_->CouldNotStart(this, {step, result->error});
    return;
  }
  leader_ = result->pid;
  is_held_ = false;
  cap_->Started(leader_);
  attempt_.leader = leader_;
  listener_->AttemptStarted(this);
  if (auto end = early_ends.find(leader_); end != early_ends.end()) {
    LeaderEnded(end->second.first, end->second.second);
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

// A lower limit of the user's stays.
bool Slot::LimitData() {
  uint64_t limit = attempt_.data_limit_bytes;
  if (limit == 0 || getrlimit(RLIMIT_DATA, &data_) != 0) return false;
  data_.rlim_cur = std::min<rlim_t>(data_.rlim_cur, limit);
  data_.rlim_max = std::min<rlim_t>(data_.rlim_max, limit);
  return true;
}

void Slot::ArmTimers() {
  absl::Duration limit = TimeLimit(*r_->options, attempt_.candidate.subjob);
  if (limit != absl::InfiniteDuration() && !IsLaterPart()) {
    limit_timer_ = r_->loop->After(limit, [this] {
      limit_timer_ = 0;
      End(EndReason::kTimeLimit);
    });
  }
  LookLater();
}

void Slot::CancelTimers() {
  for (Loop::TimerId* timer :
       {&launch_timer_, &limit_timer_, &kill_timer_, &look_timer_}) {
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
  if (launching_) Launched();
  if (!busy_ || attempt_.ended_for != EndReason::kNone) return;
  if (IsLaterPart()) return;  // the first part tells it
  attempt_.ended_for =
      signal == SIGTERM ? EndReason::kRunStopped : EndReason::kJobEnd;
  if (leader_ == 0) return;
  kill(-leader_, signal);
  kill(-leader_, SIGCONT);
}

void Slot::End(EndReason reason) {
  if (launching_) Launched();
  if (!busy_) return;
  if (attempt_.ended_for != EndReason::kNone &&
      attempt_.ended_for != EndReason::kJobEnd) {
    return;
  }
  attempt_.ended_for = reason;
  if (leader_ != 0 || launching_) AskToEnd();
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
  pid_t pid = leader_;
  // A program may take for ever to load.
  if (launching_) pid = launcher_->child();
  if (pid != 0 && early_ends_.count(pid) == 0) kill(pid, SIGKILL);
  cap_->KillAll();
}

bool Slot::Reaped(pid_t pid, int wait_status, const rusage& usage) {
  if (launching_) {
    pid_t child = launcher_->child();
    // Or killed before it could say who it is?
    if (child == pid || child == 0) early_ends_[pid] = {wait_status, usage};
    if (child == pid) Launched();
    return child == pid;
  }
  if (leader_ != pid) return false;
  LeaderEnded(wait_status, usage);
  return true;
}

void Slot::LeaderEnded(int wait_status, const rusage& usage) {
  leader_ = 0;
  attempt_.end = absl::Now();
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
