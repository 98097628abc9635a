#include "spank/ranks/rank_group.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"
#include "pack/base/program_path.h"
#include "pack/base/spare_file.h"
#include "spank/agent/runner/spawn.h"

extern char** environ;

namespace cram {
namespace {

// Between SIGTERM and SIGKILL for the ranks that are left when one has failed:
// they have nobody to talk to any more.
constexpr absl::Duration kGrace = absl::Seconds(1);

// What a user or the agent sends to the sub-job is for its ranks.
constexpr int kForwarded[] = {SIGTERM, SIGINT,  SIGHUP, SIGUSR1,
                              SIGUSR2, SIGCONT, SIGQUIT};

// Where a rank prints: what was opened for it, or given, or where we do.
int Choose(const UniqueFd& opened, const std::vector<int>& given, size_t place,
           int ours) {
  if (opened.valid()) return opened.get();
  return place < given.size() ? given[place] : ours;
}

}  // namespace

RankGroup::RankGroup(Loop* loop, const RankRequest* request)
    : loop_(loop), request_(request), ranks_(request->place.ranks_here()) {}

absl::StatusOr<std::unique_ptr<RankGroup>> RankGroup::Create(
    Loop* loop, const RankRequest* request) {
  std::unique_ptr<RankGroup> group(new RankGroup(loop, request));
  absl::Status status = group->CatchSignals();
  if (!status.ok()) return status;
  absl::StatusOr<UniqueFd> null = OpenFile("/dev/null", O_RDWR);
  if (!null.ok()) return null.status();
  group->null_ = *std::move(null);
  return group;
}

RankGroup::~RankGroup() {
  if (signals_.valid()) loop_->Unwatch(signals_.get());
}

void RankGroup::Use(std::unique_ptr<ProcessManager> manager) {
  managers_.push_back(std::move(manager));
}

absl::Status RankGroup::Join(uint16_t* port) {
  if (request_->place.parts.size() == 1) return absl::OkStatus();
  GangLink::Listener* listener = this;
  elsewhere_ = std::make_unique<GangLink>(loop_, &request_->place, listener);
  return elsewhere_->Start(port);
}

ExitStatus RankGroup::Run() {
  sched_getaffinity(0, sizeof cpus_, &cpus_);
  if (elsewhere_ == nullptr) Go();
  if (elsewhere_ != nullptr || running_ > 0) loop_->Run();
  return status_;
}

// ---- Starting

absl::Status RankGroup::CatchSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  for (int signal : kForwarded) sigaddset(&set, signal);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  signals_.reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_.valid()) return ErrnoStatus("signalfd", "", errno);
  return loop_->Watch(signals_.get(), EPOLLIN,
                      [this](uint32_t) { HandleSignals(); });
}

void RankGroup::Go() {
  if (ending_) return;
  uint32_t first = request_->place.first_rank();
  for (uint32_t i = 0; i < ranks_.size() && !ending_; ++i) {
    if (!Start(first + i)) break;
  }
  sched_setaffinity(0, sizeof cpus_, &cpus_);
  if (running_ == ranks_.size()) {
    std::vector<pid_t> pids;
    for (const Rank& rank : ranks_) pids.push_back(rank.pid);
    request_->started(pids);
  }
  if (running_ == 0) LeaveWhenDone();
}

bool RankGroup::Start(uint32_t rank) {
  RankEnvironment environment(environ, request_->place, rank);
  if (!request_->shared_memory.empty()) {
    environment.KeepSharedMemory(request_->shared_memory);
  }
  environment.Suggest(request_->settings);
  for (const auto& manager : managers_) {
    absl::Status status = manager->Prepare(rank, &environment);
    if (!status.ok()) {
      CouldNotStart(rank, std::string(status.message()), 0);
      return false;
    }
  }
  UniqueFd out, err;
  if (!OpenOutput(rank, &out, &err)) return false;
  std::vector<char*> argv;
  for (const std::string& word : request_->argv) {
    argv.push_back(const_cast<char*>(word.c_str()));
  }
  argv.push_back(nullptr);
  std::vector<std::string> programs =
      ProgramPaths(request_->argv[0], environment.Get("PATH"));
  SpawnRequest request;
  request.programs = &programs;
  request.argv = argv.data();
  request.envp = environment.Pointers();
  request.stdin_fd = rank == 0 ? STDIN_FILENO : null_.get();
  size_t place = rank - request_->place.first_rank();
  request.stdout_fd = Choose(out, request_->stdout_fds, place, STDOUT_FILENO);
  request.stderr_fd = Choose(err, request_->stderr_fds, place, STDERR_FILENO);
  Pin(rank);
  SpawnResult result = Spawn(request);
  for (const auto& manager : managers_) manager->Started(rank);
  if (result.pid < 0) {
    CouldNotStart(rank,
                  result.failed_step == "execve"
                      ? absl::StrCat("run ", request_->argv[0])
                      : result.failed_step,
                  result.error);
    return false;
  }
  At(rank).pid = result.pid;
  ++running_;
  return true;
}

bool RankGroup::OpenOutput(uint32_t rank, UniqueFd* out, UniqueFd* err) {
  if (rank == 0 || request_->output == RankRequest::Output::kShared) {
    return true;
  }
  std::string names[] = {"/dev/null", "/dev/null"};
  if (request_->output == RankRequest::Output::kFiles) {
    names[0] = absl::StrCat(request_->output_stem, ".", rank, ".out");
    names[1] = absl::StrCat(request_->output_stem, ".", rank, ".err");
  }
  UniqueFd* opened[] = {out, err};
  for (int i = 0; i < 2; ++i) {
    opened[i]->reset(open(names[i].c_str(),
                          O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC,
                          0666));
    if (opened[i]->valid()) {
      SpareFile(opened[i]->get());
      continue;
    }
    CouldNotStart(rank, absl::StrCat("open ", names[i]), errno);
    return false;
  }
  return true;
}

// An equal part of our CPUs, in their order; all of them when they are fewer
// than the ranks.
void RankGroup::Pin(uint32_t rank) const {
  int each = CPU_COUNT(&cpus_) / static_cast<int>(ranks_.size());
  if (each == 0) return;
  cpu_set_t own;
  CPU_ZERO(&own);
  uint32_t local = rank - request_->place.first_rank();
  int skip = each * static_cast<int>(local), take = each;
  for (int cpu = 0; cpu < CPU_SETSIZE && take > 0; ++cpu) {
    if (!CPU_ISSET(cpu, &cpus_) || skip-- > 0) continue;
    CPU_SET(cpu, &own);
    --take;
  }
  sched_setaffinity(0, sizeof own, &own);
}

void RankGroup::CouldNotStart(uint32_t rank, const std::string& step,
                              int error) {
  if (!ending_) {
    report_.failed_step = step;
    report_.error = error;
  }
  ExitStatus status;
  status.code = 127;
  End(rank, status,
      error == 0 ? step : absl::StrCat(step, ": ", strerror(error)));
}

// ---- Ending

void RankGroup::HandleSignals() {
  signalfd_siginfo signal;
  bool child = false;
  while (read(signals_.get(), &signal, sizeof signal) == sizeof signal) {
    int number = static_cast<int>(signal.ssi_signo);
    if (number == SIGCHLD) {
      child = true;
    } else if (elsewhere_ != nullptr && request_->place.is_hub()) {
      elsewhere_->Signal(number);  // ours hear it from there, too
    } else {
      Heed(number);
      // Any other the agents send to all parts.
      bool for_all = elsewhere_ != nullptr && number == SIGTERM;
      if (for_all) elsewhere_->Signal(number);
    }
  }
  if (child) Reap();
}

void RankGroup::Heed(int signal) {
  told_to_end_ = told_to_end_ || signal == SIGTERM;
  SignalAll(signal);
  // There may be nobody yet who could end.
  if (told_to_end_ && running_ == 0 && elsewhere_ != nullptr && !ending_) {
    ending_ = true;
    status_.signal = signal;
    LeaveWhenDone();
  }
}

void RankGroup::Reap() {
  int wait_status;
  pid_t pid;
  while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0) {
    for (uint32_t i = 0; i < ranks_.size(); ++i) {
      if (ranks_[i].pid != pid) continue;
      ranks_[i].pid = 0;
      --running_;
      Ended(request_->place.first_rank() + i,
            ExitStatus::FromWait(wait_status));
    }
  }
  if (running_ == 0) LeaveWhenDone();
}

// Those elsewhere may still run.
void RankGroup::LeaveWhenDone() {
  if (elsewhere_ == nullptr) {
    loop_->Stop();
  } else {
    elsewhere_->Done(status_, report_.rank.value_or(0));
  }
}

void RankGroup::MayLeave() {
  if (request_->place.is_hub()) {
    const GangHub& hub = elsewhere_->hub();
    status_ = hub.status();
    report_.rank = hub.rank();
    report_.lost_part = hub.lost();
  }
  loop_->Stop();
}

void RankGroup::Ended(uint32_t rank, const ExitStatus& exit) {
  bool inside = false;
  for (const auto& manager : managers_) {
    inside = manager->Inside(rank) || inside;
  }
  if (ending_) return;
  if (managers_.empty() || told_to_end_) {
    // The worst of all, and of equals the first, is the sub-job's.
    bool first = status_.success() && !exit.success();
    if (first) {
      status_ = exit;
      report_.rank = rank;
    }
    return;
  }
  if (exit.signal != 0) {
    End(rank, exit, absl::StrCat("killed by ", SignalName(exit.signal)));
  } else if (exit.code != 0) {
    End(rank, exit, absl::StrCat("exit code ", exit.code));
  } else if (inside) {
    ExitStatus status;
    status.code = 1;
    End(rank, status, "it ended without MPI_Finalize");
  } else if (MissedItsWorld(rank)) {
    ExitStatus status;
    status.code = 1;
    End(rank, status,
        "it was linked with MPI and has not asked for its world: is its MPI "
        "made without PMI, or for another kind (cram pack --mpi)?");
  }
}

bool RankGroup::MissedItsWorld(uint32_t rank) {
  // With both, a program may be one without MPI behind a script.
  if (request_->place.ranks() == 1 || managers_.size() > 1 ||
      managers_[0]->Greeted(rank)) {
    return false;
  }
  if (!is_linked_with_mpi_) {
    is_linked_with_mpi_ = request_->is_linked_with_mpi();
  }
  return *is_linked_with_mpi_;
}

bool RankGroup::AnybodyGreeted() const {
  uint32_t first = request_->place.first_rank();
  for (const auto& manager : managers_) {
    for (uint32_t i = 0; i < ranks_.size(); ++i) {
      if (manager->Greeted(first + i)) return true;
    }
  }
  return false;
}

void RankGroup::Aborted(uint32_t rank, int exit_code) {
  ExitStatus status;
  // A shell's kind of code: 256 must not look like success.
  status.code = exit_code & 0xff;
  if (status.code == 0) status.code = 1;
  End(rank, status, absl::StrCat("MPI_Abort with ", exit_code));
}

void RankGroup::Broke(uint32_t rank, const std::string& why) {
  ExitStatus status;
  status.code = 1;
  End(rank, status, why);
}

void RankGroup::End(uint32_t rank, const ExitStatus& exit,
                    const std::string& why) {
  if (ending_) return;
  ending_ = true;
  status_ = exit;
  report_.rank = rank;
  fprintf(stderr, "cram: rank %u of %u: %s\n", rank, request_->place.ranks(),
          why.c_str());
  if (elsewhere_ != nullptr) elsewhere_->Failed(rank, exit);
  EndAll();
}

void RankGroup::EndAll() {
  SignalAll(SIGTERM);
  SignalAll(SIGCONT);
  loop_->After(kGrace, [this] { SignalAll(SIGKILL); });
}

void RankGroup::EndedElsewhere(std::optional<uint32_t> rank,
                               const ExitStatus& exit) {
  if (ending_) return;
  ending_ = true;
  status_ = exit;
  report_.rank = rank;
  EndAll();
  if (running_ == 0) LeaveWhenDone();
}

// To end they may have been told here already.
void RankGroup::SignalFromHub(int signal) {
  if (signal != SIGTERM || !told_to_end_) Heed(signal);
}

void RankGroup::SignalAll(int signal) {
  for (const Rank& rank : ranks_) {
    if (rank.pid != 0) kill(-rank.pid, signal);
  }
}

}  // namespace cram
