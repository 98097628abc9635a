#include "spank/agent/agent/slot.h"

#include <signal.h>
#include <sys/epoll.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "spank/agent/runner/program_path.h"

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
constexpr absl::Duration kPatience = absl::Seconds(10);
constexpr absl::Duration kBetweenKills = absl::Milliseconds(1);
// Output beyond this does not wait for the next flush.
constexpr size_t kMuchOutput = 1 << 20;

constexpr OutputStream kBothStreams[] = {OutputStream::kStdout,
                                         OutputStream::kStderr};

uint64_t Microseconds(const timeval& time) {
  return time.tv_sec * uint64_t{1000000} + time.tv_usec;
}

}  // namespace

Slot::Slot(uint32_t number, const SlotResources* resources, Listener* listener)
    : number_(number),
      r_(resources),
      listener_(listener),
      temporary_directory_(resources->temporary_directory, number),
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
  if (resources->output != nullptr) {
    absl::StatusOr<std::unique_ptr<Collector>> collector =
        Collector::Create(resources->output, resources->options->output_limit);
    if (!collector.ok()) return collector.status();
    slot->collector_ = *std::move(collector);
  }
  slot->Watch();
  return slot;
}

Slot::~Slot() {
  CancelTimers();
  if (cap_ != nullptr) r_->loop->Unwatch(cap_->event_fd());
  if (launcher_ != nullptr) r_->loop->Unwatch(launcher_->done_fd());
  if (collector_ == nullptr) return;
  for (OutputStream stream : kBothStreams) {
    r_->loop->Unwatch(collector_->read_fd(stream));
  }
}

void Slot::Watch() {
  (void)r_->loop->Watch(launcher_->done_fd(), EPOLLIN,
                        [this](uint32_t) { Launched(); });
  if (cap_->event_fd() >= 0) {
    (void)r_->loop->Watch(cap_->event_fd(), EPOLLIN,
                          [this](uint32_t) { CheckCap(); });
  }
  if (collector_ == nullptr) return;
  for (OutputStream stream : kBothStreams) {
    (void)r_->loop->Watch(collector_->read_fd(stream), EPOLLIN,
                          [this, stream](uint32_t) { OutputReady(stream); });
  }
}

// ---- Output

void Slot::OutputReady(OutputStream stream) {
  collector_->Drain(stream);
  if (r_->output->buffered() > kMuchOutput) listener_->OutputWaits();
  if (r_->options->output_limit_kills && busy_ && collector_->over_limit()) {
    over_output_ = true;
    Terminate();
  }
}

void Slot::ReadOutput(bool on) {
  if (collector_ == nullptr) return;
  for (OutputStream stream : kBothStreams) {
    r_->loop->ChangeEvents(collector_->read_fd(stream),
                           on ? uint32_t{EPOLLIN} : 0U);
  }
}

void Slot::HandOnOutput() {
  if (busy_ && collector_ != nullptr) collector_->HandOn();
}

// ---- Starting

void Slot::Start(Candidate candidate, SlotClaim claim) {
  candidate_ = std::move(candidate);
  claim_ = std::move(claim);
  timed_out_ = cancelled_ = over_output_ = false;
  exit_ = {};
  usage_ = {};
  early_end_.reset();
  start_ = absl::Now();
  std::optional<Failure> failure = Prepare();
  if (failure) {
    listener_->CouldNotStart(this, *failure);
    return;
  }
  busy_ = true;
  Launch();
}

std::optional<Slot::Failure> Slot::Prepare() {
  const SubJob& subjob = candidate_.subjob;
  if (collector_ != nullptr) {
    collector_->Begin(subjob.index, candidate_.attempt);
  }
  absl::Status status = cap_->Arm(candidate_.cap_bytes);
  if (status.ok()) {
    status = temporary_directory_.Prepare();
  }
  if (!status.ok()) return Failure{std::string(status.message()), 0};
  streams_ = OpenStreams(subjob, *r_->options, collector_.get());
  if (streams_.failed_step.empty()) return std::nullopt;
  return Failure{streams_.failed_step, streams_.error};
}

void Slot::Launch() {
  const SubJob& subjob = candidate_.subjob;
  AttemptFacts facts;
  facts.attempt = candidate_.attempt;
  facts.slot = number_;
  facts.cpus = candidate_.cpus;
  facts.cap_bytes = candidate_.cap_bytes;
  facts.temporary_directory = temporary_directory_.path();
  facts.memory_cgroup = cap_->directory();
  argv_.clear();
  for (const std::string& word : subjob.argv) {
    argv_.push_back(const_cast<char*>(word.c_str()));
  }
  argv_.push_back(nullptr);

  SpawnRequest request;
  request.envp = environment_.Build(subjob, facts);
  told_ = environment_.told();
  programs_ = ProgramPaths(subjob.argv[0], environment_.path());
  request.programs = &programs_;
  request.argv = argv_.data();
  request.cwd = subjob.cwd.empty() ? nullptr : subjob.cwd.c_str();
  request.stdin_fd = streams_.in;
  request.stdout_fd = streams_.out;
  request.stderr_fd = streams_.err;
  request.cgroup_procs_fd = cap_->entry_fd();
  request.reset_oom_score = r_->protected_from_oom;
  request.open_files = &r_->open_files;
  if (LimitData()) request.data = &data_;
  launching_ = true;
  launcher_->Launch(request, r_->cpus->Set(claim_.cpus));
}

void Slot::Launched() {
  std::optional<SpawnResult> result = launcher_->TakeResult();
  if (!result) return;
  launching_ = false;
  streams_ = {};
  CancelTimers();
  if (result->pid < 0) {
    busy_ = false;
    std::string step = result->failed_step;
    if (step == "execve") {
      step = absl::StrCat("run ", candidate_.subjob.argv[0]);
    } else if (step == "chdir") {
      step = absl::StrCat("chdir ", candidate_.subjob.cwd);
    }
    listener_->CouldNotStart(this, {step, result->error});
    return;
  }
  leader_ = result->pid;
  cap_->Started(leader_);
  listener_->AttemptStarted(this);
  if (early_end_) {
    LeaderEnded(early_end_->first, early_end_->second);
    return;
  }
  ArmTimers();
  if (cancelled_) Terminate();
}

// 0: none.
uint64_t Slot::DataLimitBytes() const {
  MemMode mode = r_->options->mem_mode.value_or(candidate_.subjob.mem_mode);
  return mode == MemMode::kRlimit ? DataLimit(candidate_.cap_bytes) : 0;
}

// A lower limit of the user's stays.
bool Slot::LimitData() {
  uint64_t limit = DataLimitBytes();
  if (limit == 0 || getrlimit(RLIMIT_DATA, &data_) != 0) return false;
  data_.rlim_cur = std::min<rlim_t>(data_.rlim_cur, limit);
  data_.rlim_max = std::min<rlim_t>(data_.rlim_max, limit);
  return true;
}

Started Slot::StartRecord() const {
  Started started;
  started.set_index(candidate_.subjob.index);
  started.set_attempt(candidate_.attempt);
  started.set_slot(number_);
  started.set_time_ns(absl::ToUnixNanos(start_));
  started.set_cap_bytes(candidate_.cap_bytes);
  started.set_cpus(candidate_.cpus);
  started.set_pid(leader_);
  started.set_told(told_.to_ullong());
  started.set_data_limit_bytes(DataLimitBytes());
  return started;
}

void Slot::ArmTimers() {
  absl::Duration limit = r_->options->time_limit;
  if (limit == absl::InfiniteDuration()) limit = candidate_.subjob.time_limit;
  if (limit != absl::InfiniteDuration()) {
    limit_timer_ = r_->loop->After(limit, [this] {
      limit_timer_ = 0;
      timed_out_ = true;
      Terminate();
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
  if (!busy_) return;
  if (cap_->OverCap()) {
    cap_->KillAll();
  } else {
    LookLater();
  }
}

void Slot::LookLater() {
  if (cap_->look_again() == absl::InfiniteDuration()) return;
  look_timer_ = r_->loop->After(cap_->look_again(), [this] { CheckCap(); });
}

void Slot::Cancel() {
  if (!busy_) return;
  cancelled_ = true;
  Terminate();
}

void Slot::Terminate() {
  if (kill_timer_ != 0 || (leader_ == 0 && !launching_)) return;
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
  if (launching_ && !early_end_) pid = launcher_->child();
  if (pid != 0) kill(pid, SIGKILL);
  cap_->KillAll();
}

bool Slot::Reaped(pid_t pid, int wait_status, const rusage& usage) {
  if (launching_ && pid == launcher_->child()) {
    early_end_.emplace(wait_status, usage);
    return true;
  }
  if (leader_ != pid) return false;
  LeaderEnded(wait_status, usage);
  return true;
}

void Slot::LeaderEnded(int wait_status, const rusage& usage) {
  ended_leader_ = leader_;
  leader_ = 0;
  end_ = absl::Now();
  exit_ = ExitStatus::FromWait(wait_status);
  usage_ = usage;
  CancelTimers();
  bool ended_by_us = timed_out_ || cancelled_ || over_output_;
  if (!ended_by_us) cap_->LeaderEnded(exit_);
  bool perhaps_slurms = r_->signals_reach_all && !ended_by_us &&
                        (exit_.signal == SIGTERM || exit_.signal == SIGINT);
  if (!perhaps_slurms) {
    Finish(kPatience);
    return;
  }
  kill_timer_ = r_->loop->After(kSignalSettles, [this] {
    kill_timer_ = 0;
    Finish(kPatience);
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
  EndFacts facts;
  facts.exit = exit_;
  facts.memory = cap_->Verdict();
  facts.timed_out = timed_out_;
  facts.cancelled = cancelled_;
  Ended ended;
  if (collector_ != nullptr) EndOutput(&facts, &ended);
  ended.set_index(candidate_.subjob.index);
  ended.set_attempt(candidate_.attempt);
  ended.set_slot(number_);
  ended.set_start_ns(absl::ToUnixNanos(start_));
  ended.set_end_ns(absl::ToUnixNanos(end_));
  ended.set_cause(static_cast<uint32_t>(CauseOf(facts)));
  ended.set_exit_code(exit_.code);
  ended.set_signal(exit_.signal);
  ended.set_core_dumped(exit_.core_dumped);
  ended.set_user_us(Microseconds(usage_.ru_utime));
  ended.set_system_us(Microseconds(usage_.ru_stime));
  uint64_t peak = cap_->peak_bytes();
  // ru_maxrss is in KiB, and of the largest process only: better than
  // nothing where nobody looked while it ran.
  ended.set_peak_bytes(peak != 0 ? peak : usage_.ru_maxrss * uint64_t{1024});
  ended.set_cap_bytes(candidate_.cap_bytes);
  ended.set_cpus(candidate_.cpus);
  if (facts.memory != CapVerdict::kWithin) NameVictim(&ended);
  temporary_directory_.Empty();
  busy_ = false;
  listener_->AttemptEnded(this, &ended);
}

void Slot::EndOutput(EndFacts* facts, Ended* ended) {
  Collector::Totals printed = collector_->End();
  ended->set_output_offset(printed.output_offset);
  ended->set_stdout_bytes(printed.stdout_bytes);
  ended->set_stderr_bytes(printed.stderr_bytes);
  ended->set_stdout_left_out(printed.stdout_left_out);
  ended->set_stderr_left_out(printed.stderr_left_out);
  // Although it may have ended before that was seen.
  facts->over_output =
      r_->options->output_limit_kills && collector_->over_limit();
  if (CauseOf(*facts) == Cause::kCompleted) return;
  absl::string_view message = collector_->memory_message();
  facts->memory_message = !message.empty();
  ended->set_memory_message(message.data(), message.size());
}

void Slot::NameVictim(Ended* ended) {
  std::optional<Victim> victim = cap_->victim();
  // Nobody saw it: the leader did not end by itself, whoever went before it.
  if (!victim && exit_.signal == SIGKILL) victim.emplace();
  if (!victim) return;
  if (victim->pid == 0) victim->pid = ended_leader_;
  bool name_only = victim->command.empty() || victim->command[0] == '[';
  if (name_only && victim->pid == ended_leader_) {
    victim->command = CommandText(
        absl::StrJoin(candidate_.subjob.argv, absl::string_view("\0", 1)));
  }
  ended->set_victim_pid(victim->pid);
  ended->set_victim_command(victim->command);
  ended->set_victim_bytes(victim->bytes);
}

}  // namespace cram
