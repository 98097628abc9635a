#include "spank/agent/agent/slot_launch.h"

#include <sys/epoll.h>

#include <algorithm>
#include <utility>

#include "absl/time/time.h"
#include "pack/base/program_path.h"

namespace cram {
namespace {

// A sub-job that ends before this is heard of once, when it has ended.
constexpr absl::Duration kSoonLaunched = absl::Milliseconds(10);

}  // namespace

SlotLaunch::SlotLaunch(Loop* loop, const Environment& environment,
                       std::function<void()> perhaps_done)
    : loop_(loop),
      perhaps_done_(std::move(perhaps_done)),
      environment_(environment) {}

absl::StatusOr<std::unique_ptr<SlotLaunch>> SlotLaunch::Create(
    Loop* loop, const Environment& environment,
    std::function<void()> perhaps_done) {
  std::unique_ptr<SlotLaunch> launch(
      new SlotLaunch(loop, environment, std::move(perhaps_done)));
  absl::StatusOr<std::unique_ptr<Launcher>> launcher = Launcher::Create();
  if (!launcher.ok()) return launcher.status();
  launch->launcher_ = *std::move(launcher);
  SlotLaunch* self = launch.get();
  (void)loop->Watch(launch->launcher_->done_fd(), EPOLLIN,
                    [self](uint32_t) { self->perhaps_done_(); });
  return launch;
}

SlotLaunch::~SlotLaunch() {
  loop_->Cancel(timer_);
  if (launcher_ != nullptr) loop_->Unwatch(launcher_->done_fd());
}

void SlotLaunch::Begin(const Attempt& attempt, const AttemptFacts& facts,
                       Streams streams, const SlotRanks* ranks,
                       SpawnRequest request, const cpu_set_t& cpus) {
  const SubJob& subjob = attempt.candidate.subjob;
  argv_.clear();
  for (const std::string& word :
       ranks != nullptr ? ranks->command() : subjob.argv) {
    argv_.push_back(const_cast<char*>(word.c_str()));
  }
  argv_.push_back(nullptr);
  request.envp = environment_.Build(subjob, facts);
  programs_ = ProgramPaths(argv_[0], environment_.path());
  request.programs = &programs_;
  request.argv = argv_.data();
  request.cwd = subjob.cwd.empty() ? nullptr : subjob.cwd.c_str();
  streams_ = std::move(streams);
  request.stdin_fd = streams_.in;
  request.stdout_fd = streams_.out;
  request.stderr_fd = streams_.err;
  if (ranks != nullptr) {
    request.report_fd = ranks->report_fd();
    request.kept_fds = &ranks->kept_fds();
  }
  request.data = DataLimited(attempt.data_limit_bytes);
  under_way_ = true;
  launcher_->Launch(request, cpus);
  timer_ = loop_->After(kSoonLaunched, [this] {
    timer_ = 0;
    perhaps_done_();
  });
}

// A lower limit of the user's stays.
const rlimit* SlotLaunch::DataLimited(uint64_t limit_bytes) {
  if (limit_bytes == 0 || getrlimit(RLIMIT_DATA, &data_) != 0) return nullptr;
  data_.rlim_cur = std::min<rlim_t>(data_.rlim_cur, limit_bytes);
  data_.rlim_max = std::min<rlim_t>(data_.rlim_max, limit_bytes);
  return &data_;
}

std::optional<SlotLaunch::Result> SlotLaunch::Take() {
  std::optional<SpawnResult> process = launcher_->TakeResult();
  if (!process) {
    if (under_way_) launcher_->TellWhenDone();
    return std::nullopt;
  }
  under_way_ = false;
  streams_ = {};
  loop_->Cancel(std::exchange(timer_, 0));
  Result result;
  auto early_ends = std::exchange(early_ends_, {});
  if (auto end = early_ends.find(process->pid); end != early_ends.end()) {
    result.end = end->second;
  }
  result.process = *std::move(process);
  return result;
}

pid_t SlotLaunch::child() const {
  pid_t child = launcher_->child();
  return early_ends_.count(child) == 0 ? child : 0;
}

bool SlotLaunch::Reaped(pid_t pid, const End& end) {
  pid_t child = launcher_->child();
  // Or killed before it could say who it is?
  if (child == pid || child == 0) early_ends_[pid] = end;
  return child == pid;
}

}  // namespace cram
