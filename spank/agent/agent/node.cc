#include "spank/agent/agent/node.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "pack/base/io.h"
#include "spank/agent/agent/remove_tree.h"
#include "spank/agent/output/streams.h"
#include "spank/agent/runner/program_path.h"

namespace cram {
namespace {

// Between SIGTERM and SIGKILL. Well below Slurm's KillWait (30 s), after which
// Slurm would kill the agent with the records unwritten.
constexpr absl::Duration kGrace = absl::Seconds(5);
// When Slurm signals a step it signals every process, in no order: a sub-job
// may die of it before the agent has its own. Long enough to hear of that.
constexpr absl::Duration kSignalSettles = absl::Milliseconds(50);
// How long processes may take to die of SIGKILL before their slot is given up;
// one in uninterruptible sleep cannot.
constexpr absl::Duration kPatience = absl::Seconds(10);

// Output beyond this does not wait for the next tick.
constexpr size_t kFlushOutputAbove = 1 << 20;

}  // namespace

// A slot and the attempt in it.
struct Node::Slot {
  uint32_t number = 0;
  std::unique_ptr<SlotCap> cap;
  std::unique_ptr<Collector> collector;

  bool busy = false;
  Candidate job;
  SlotClaim claim;
  pid_t pid = 0;  // 0: reaped
  absl::Time start, end;
  std::string temporary_directory;
  ExitStatus exit;
  rusage usage = {};
  bool timed_out = false;
  bool signalled = false;  // told to end because the run is stopped
  Loop::TimerId limit_timer = 0, kill_timer = 0, look_timer = 0;

  void CancelTimers(Loop* loop) {
    for (Loop::TimerId* timer : {&limit_timer, &kill_timer, &look_timer}) {
      loop->Cancel(*timer);
      *timer = 0;
    }
  }
};

Node::Node(NodeResources resources, Slots slots, Listener* listener)
    : r_(std::move(resources)), slots_(std::move(slots)), listener_(listener) {}

Node::~Node() = default;

void Node::Add(const IndexSet& indexes) {
  if (stopping_) return;
  waiting_.AddAll(indexes);
  StartMore();
}

IndexSet Node::GiveBack(uint64_t count) { return waiting_.TakeBack(count); }

uint64_t Node::unstarted() const {
  return waiting_.size() + retries_.size() + (next_ ? 1 : 0);
}

bool Node::FlushRecords() {
  absl::Status status = r_.journal->Flush();
  if (status.ok()) status = r_.output->Flush();
  if (paused_ != status.ok()) return status.ok();
  paused_ = !status.ok();
  listener_->RecordsBlocked(status);
  for (const auto& slot : slot_table_) {
    if (slot == nullptr) continue;
    for (OutputStream stream : {OutputStream::kStdout, OutputStream::kStderr}) {
      r_.loop->ChangeEvents(slot->collector->read_fd(stream),
                            paused_ ? 0U : uint32_t{EPOLLIN});
    }
  }
  StartMore();
  return !paused_;
}

void Node::Stop() {
  stopping_ = true;
  waiting_ = IndexSet();
  retries_.clear();
  next_.reset();
  for (const auto& slot : slot_table_) {
    if (slot == nullptr || !slot->busy) continue;
    slot->signalled = true;
    Terminate(slot.get());
  }
  if (slots_.running() == 0) listener_->NodeChanged();
}

void Node::HandOnOutput() {
  for (const auto& slot : slot_table_) {
    if (slot != nullptr && slot->busy) slot->collector->HandOn();
  }
}

// ---- Starting

void Node::StartMore() {
  if (starting_) return;
  starting_ = true;
  while (!stopping_ && !paused_ && NextCandidate()) {
    if (!slots_.Fits(next_->cpus, next_->cap_bytes)) {
      Candidate candidate = *std::move(next_);
      next_.reset();
      RecordNotStarted(
          candidate,
          absl::StrCat("place ", candidate.cpus, " CPUs and ",
                       candidate.cap_bytes, " bytes on a node with ",
                       slots_.cpus(), " and ", slots_.budget_bytes()),
          ENOSPC);
      continue;
    }
    std::optional<SlotClaim> claim = slots_.Take(next_->cpus, next_->cap_bytes);
    if (!claim) break;
    Candidate candidate = *std::move(next_);
    next_.reset();
    Start(std::move(candidate), *std::move(claim));
  }
  starting_ = false;
  if (unstarted() < slots_.slots()) listener_->NodeChanged();
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
    absl::StatusOr<SubJob> subjob = r_.manifest->Get(index);
    Candidate candidate;
    candidate.attempt = attempt;
    if (!subjob.ok()) {
      candidate.subjob.index = index;
      RecordNotStarted(candidate, std::string(subjob.status().message()),
                       EINVAL);
      continue;
    }
    candidate.subjob = *std::move(subjob);
    candidate.cpus = candidate.subjob.cpus != 0 ? candidate.subjob.cpus
                                                : slots_.DefaultCpus();
    uint64_t cap = r_.options->mem_bytes;
    if (cap == 0 && !r_.options->mem_share) cap = candidate.subjob.memory_bytes;
    if (cap == 0) cap = slots_.DefaultCap(candidate.cpus);
    candidate.cap_bytes = cap;
    next_ = std::move(candidate);
  }
  return true;
}

absl::StatusOr<Node::Slot*> Node::SlotFor(uint32_t number) {
  if (slot_table_.size() <= number) slot_table_.resize(number + 1);
  std::unique_ptr<Slot>& slot = slot_table_[number];
  if (slot == nullptr) {
    auto made = std::make_unique<Slot>();
    made->number = number;
    absl::StatusOr<std::unique_ptr<SlotCap>> cap = r_.caps->MakeSlot(number);
    if (!cap.ok()) return cap.status();
    made->cap = *std::move(cap);
    absl::StatusOr<std::unique_ptr<Collector>> collector =
        Collector::Create(r_.output);
    if (!collector.ok()) return collector.status();
    made->collector = *std::move(collector);
    slot = std::move(made);
    WatchSlot(slot.get());
  }
  return slot.get();
}

void Node::WatchSlot(Slot* slot) {
  for (OutputStream stream : {OutputStream::kStdout, OutputStream::kStderr}) {
    (void)r_.loop->Watch(
        slot->collector->read_fd(stream), EPOLLIN,
        [this, slot, stream](uint32_t) { ReadOutput(slot, stream); });
  }
  if (slot->cap->event_fd() >= 0) {
    (void)r_.loop->Watch(slot->cap->event_fd(), EPOLLIN,
                         [this, slot](uint32_t) { CheckCap(slot); });
  }
}

void Node::ReadOutput(Slot* slot, OutputStream stream) {
  slot->collector->Drain(stream);
  if (r_.output->buffered() > kFlushOutputAbove) FlushRecords();
}

void Node::Start(Candidate candidate, SlotClaim claim) {
  absl::StatusOr<Slot*> found = SlotFor(claim.slot);
  if (!found.ok()) {
    slots_.Release(claim);
    RecordNotStarted(candidate, std::string(found.status().message()), 0);
    return;
  }
  Slot* slot = *found;
  slot->job = std::move(candidate);
  slot->claim = std::move(claim);
  slot->timed_out = slot->signalled = false;
  slot->exit = {};
  slot->usage = {};
  slot->collector->Begin(slot->job.subjob.index, slot->job.attempt);
  slot->temporary_directory =
      absl::StrCat(r_.temporary_directory, "/", slot->job.subjob.index, ".",
                   slot->job.attempt);

  slot->start = absl::Now();
  SpawnResult result = Launch(slot);
  if (result.pid < 0) {
    RemoveTree(slot->temporary_directory);
    slots_.Release(slot->claim);
    RecordNotStarted(slot->job, result.failed_step, result.error);
    return;
  }
  slot->busy = true;
  slot->pid = result.pid;
  slot->cap->Started(result.pid);
  ArmTimers(slot);

  JournalRecord record;
  Started* started = record.mutable_started();
  started->set_index(slot->job.subjob.index);
  started->set_attempt(slot->job.attempt);
  started->set_slot(slot->number);
  started->set_time_ns(absl::ToUnixNanos(slot->start));
  started->set_cap_bytes(slot->job.cap_bytes);
  started->set_cpus(slot->job.cpus);
  started->set_pid(slot->pid);
  r_.journal->Append(record);
}

SpawnResult Node::Launch(Slot* slot) {
  const SubJob& subjob = slot->job.subjob;
  auto fail = [](absl::string_view step, int error) {
    SpawnResult failed;
    failed.failed_step = std::string(step);
    failed.error = error;
    return failed;
  };
  absl::Status armed = slot->cap->Arm(slot->job.cap_bytes);
  if (!armed.ok()) return fail(armed.message(), 0);
  if (mkdir(slot->temporary_directory.c_str(), 0700) != 0) {
    int error = errno;
    return fail("mkdir " + slot->temporary_directory, error);
  }
  Streams streams = OpenStreams(subjob, *r_.options, *slot->collector);
  if (!streams.failed_step.empty()) {
    return fail(streams.failed_step, streams.error);
  }
  AttemptFacts facts;
  facts.attempt = slot->job.attempt;
  facts.slot = slot->number;
  facts.cpus = slot->job.cpus;
  facts.cap_bytes = slot->job.cap_bytes;
  facts.temporary_directory = slot->temporary_directory;

  std::vector<char*> argv;
  for (const std::string& word : subjob.argv) {
    argv.push_back(const_cast<char*>(word.c_str()));
  }
  argv.push_back(nullptr);
  cpu_set_t cpus = r_.cpus->Set(slot->claim.cpus);

  SpawnRequest request;
  request.envp = r_.environment->Build(subjob, facts);
  std::vector<std::string> programs =
      ProgramPaths(subjob.argv[0], r_.environment->path());
  request.programs = &programs;
  request.argv = argv.data();
  request.cwd = subjob.cwd.empty() ? nullptr : subjob.cwd.c_str();
  request.stdin_fd = streams.in.get();
  request.stdout_fd = streams.out;
  request.stderr_fd = streams.err;
  request.cgroup_procs_fd = slot->cap->entry_fd();
  request.cpus = &cpus;
  request.reset_oom_score = r_.protected_from_oom;
  SpawnResult result = Spawn(request);
  if (result.failed_step == "execve") {
    result.failed_step = absl::StrCat("run ", subjob.argv[0]);
  } else if (result.failed_step == "chdir") {
    result.failed_step = absl::StrCat("chdir ", subjob.cwd);
  }
  return result;
}

void Node::ArmTimers(Slot* slot) {
  absl::Duration limit =
      std::min(slot->job.subjob.time_limit, r_.options->time_limit);
  if (r_.options->time_limit != absl::InfiniteDuration()) {
    limit = r_.options->time_limit;
  }
  if (limit != absl::InfiniteDuration()) {
    slot->limit_timer = r_.loop->After(limit, [this, slot] { TimeOut(slot); });
  }
  if (slot->cap->look_again() != absl::InfiniteDuration()) CheckCap(slot);
}

// ---- Ending

void Node::CheckCap(Slot* slot) {
  slot->look_timer = 0;
  if (!slot->busy) return;
  if (slot->cap->OverCap()) {
    slot->cap->KillAll();
  } else if (slot->cap->look_again() != absl::InfiniteDuration()) {
    slot->look_timer = r_.loop->After(slot->cap->look_again(),
                                      [this, slot] { CheckCap(slot); });
  }
}

void Node::TimeOut(Slot* slot) {
  slot->limit_timer = 0;
  slot->timed_out = true;
  Terminate(slot);
}

void Node::Terminate(Slot* slot) {
  if (slot->pid == 0 || slot->kill_timer != 0) return;
  // The sub-job leads a session: its process group is the one to ask. One
  // that was stopped must wake to hear it.
  kill(-slot->pid, SIGTERM);
  kill(-slot->pid, SIGCONT);
  slot->kill_timer = r_.loop->After(kGrace, [this, slot] {
    slot->kill_timer = 0;
    if (slot->pid != 0) kill(slot->pid, SIGKILL);
    slot->cap->KillAll();
  });
}

void Node::Reap() {
  int status;
  rusage usage;
  pid_t pid;
  while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
    for (const auto& slot : slot_table_) {
      if (slot != nullptr && slot->busy && slot->pid == pid) {
        LeaderEnded(slot.get(), status, usage);
        break;
      }
    }
    // Else a process that a sub-job left behind and we inherited.
  }
  StartMore();
}

void Node::LeaderEnded(Slot* slot, int wait_status, const rusage& usage) {
  slot->pid = 0;
  slot->end = absl::Now();
  slot->exit = ExitStatus::FromWait(wait_status);
  slot->usage = usage;
  slot->CancelTimers(r_.loop);
  int signal = slot->exit.signal;
  bool maybe_slurms = r_.signals_reach_all && !stopping_ && !slot->timed_out &&
                      (signal == SIGTERM || signal == SIGINT);
  if (maybe_slurms) {
    slot->kill_timer = r_.loop->After(kSignalSettles, [this, slot] {
      slot->kill_timer = 0;
      slot->signalled = slot->signalled || stopping_;
      Finish(slot, kPatience);
      StartMore();
    });
    return;
  }
  Finish(slot, kPatience);
}

// Ends what the leader left running, then the attempt.
void Node::Finish(Slot* slot, absl::Duration patience) {
  if (!slot->cap->KillAll() && patience > absl::ZeroDuration()) {
    absl::Duration wait = absl::Milliseconds(1);
    slot->kill_timer = r_.loop->After(wait, [this, slot, patience, wait] {
      slot->kill_timer = 0;
      Finish(slot, patience - wait);
      StartMore();
    });
    return;
  }
  Record(slot);
}

void Node::Record(Slot* slot) {
  Collector::Totals printed = slot->collector->End();
  EndFacts facts;
  facts.exit = slot->exit;
  facts.memory = slot->cap->Verdict();
  facts.timed_out = slot->timed_out;
  facts.cancelled = slot->signalled;
  Cause cause = CauseOf(facts);
  bool retry = WillRetry(slot->job.attempt, cause);

  JournalRecord record;
  Ended* ended = record.mutable_ended();
  ended->set_index(slot->job.subjob.index);
  ended->set_attempt(slot->job.attempt);
  ended->set_slot(slot->number);
  ended->set_start_ns(absl::ToUnixNanos(slot->start));
  ended->set_end_ns(absl::ToUnixNanos(slot->end));
  ended->set_cause(static_cast<uint32_t>(cause));
  ended->set_exit_code(slot->exit.code);
  ended->set_signal(slot->exit.signal);
  ended->set_core_dumped(slot->exit.core_dumped);
  ended->set_user_us(slot->usage.ru_utime.tv_sec * 1000000LL +
                     slot->usage.ru_utime.tv_usec);
  ended->set_system_us(slot->usage.ru_stime.tv_sec * 1000000LL +
                       slot->usage.ru_stime.tv_usec);
  uint64_t peak = slot->cap->peak_bytes();
  // ru_maxrss is in KiB, and of the largest process only: better than
  // nothing where nobody looked while it ran.
  ended->set_peak_bytes(peak != 0 ? peak : slot->usage.ru_maxrss * 1024ULL);
  ended->set_cap_bytes(slot->job.cap_bytes);
  ended->set_cpus(slot->job.cpus);
  ended->set_output_offset(printed.output_offset);
  ended->set_stdout_bytes(printed.stdout_bytes);
  ended->set_stderr_bytes(printed.stderr_bytes);
  ended->set_will_retry(retry);
  r_.journal->Append(record);

  RemoveTree(slot->temporary_directory);
  slot->busy = false;
  slots_.Release(slot->claim);
  Settle(slot->job.subjob.index, slot->job.attempt, cause, retry);
}

void Node::RecordNotStarted(const Candidate& candidate, const std::string& step,
                            int error) {
  bool retry = WillRetry(candidate.attempt, Cause::kCouldNotStart);
  JournalRecord record;
  Ended* ended = record.mutable_ended();
  ended->set_index(candidate.subjob.index);
  ended->set_attempt(candidate.attempt);
  ended->set_start_ns(absl::ToUnixNanos(absl::Now()));
  ended->set_end_ns(ended->start_ns());
  ended->set_cause(static_cast<uint32_t>(Cause::kCouldNotStart));
  ended->set_cap_bytes(candidate.cap_bytes);
  ended->set_cpus(candidate.cpus);
  ended->set_failed_step(step);
  ended->set_error_number(error);
  ended->set_will_retry(retry);
  r_.journal->Append(record);
  Settle(candidate.subjob.index, candidate.attempt, Cause::kCouldNotStart,
         retry);
}

bool Node::WillRetry(uint32_t attempt, Cause cause) const {
  return cause != Cause::kCompleted && cause != Cause::kCancelled &&
         attempt < r_.options->retry && !stopping_;
}

void Node::Settle(uint64_t index, uint32_t attempt, Cause cause, bool retry) {
  if (retry) {
    retries_.emplace_back(index, attempt + 1);
    return;
  }
  ++finished_[static_cast<size_t>(StateOf(cause))];
  if (cause != Cause::kCompleted || slots_.running() == 0) {
    listener_->NodeChanged();
  }
}

}  // namespace cram
