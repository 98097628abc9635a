#include "spank/agent/agent/release.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "pack/base/clock.h"
#include "pack/base/io.h"
#include "pack/journal/reader.h"

extern char** environ;

namespace cram {
namespace {

// What it says at the end when all went well.
constexpr absl::string_view kDone = "done\n";

// $1: nodes that are not the job's any more, or will not be, with commas.
// scontrol takes those that stay, and writes scripts into its directory, $2.
constexpr char kScript[] = R"sh(
cd "$2" || exit
names=$(echo "$1" | tr , '\n')
left=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | grep -vxF "$names") &&
  scontrol update JobId="$SLURM_JOB_ID" \
    NodeList="$(echo "$left" | paste -sd, -)" >/dev/null && echo done
)sh";

absl::Status RunScript(const std::string& names, const std::string& directory,
                       int output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  const char* words[] = {
      "sh", "-c", kScript, "sh", names.c_str(), directory.c_str(), nullptr};
  pid_t pid;
  int error = posix_spawn(&pid, "/bin/sh", &actions, &attributes,
                          const_cast<char**>(words), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error == 0 ? absl::OkStatus() : ErrnoStatus("spawn", "/bin/sh", error);
}

}  // namespace

Release::~Release() {
  if (said_.valid()) run_->loop->Unwatch(said_.get());
}

void Release::Look() {
  if (over_ || said_.valid()) return;
  Retire();
  StartScontrol();
}

// For so long that what comes back from others, to be run again, would have
// come.
void Release::Retire() {
  Instant now = run_->loop->now();
  std::map<uint32_t, Instant> idle;
  for (uint32_t child : family_->subtree().Unneeded()) {
    if (child == run_->step.node_id) continue;
    auto before = idle_.find(child);
    idle[child] = before == idle_.end() ? now : before->second;
  }
  idle_ = std::move(idle);
  for (const auto& [child, since] : idle_) {
    if (now - since < run_->patience.silence()) continue;
    family_->Retire(child);
    leaving_[child] = now;
  }
}

// All that have had time to leave at once: scontrol is a request to slurmctld.
void Release::StartScontrol() {
  Instant now = run_->loop->now();
  names_.clear();
  for (auto it = leaving_.begin(); it != leaving_.end();) {
    if (now - it->second < run_->patience.grace()) {
      ++it;
      continue;
    }
    IndexSet nodes = run_->tree.SubtreeOf(it->first);
    for (const auto& [begin, end] : nodes.ranges()) {
      for (uint64_t node = begin; node < end; ++node) {
        absl::StatusOr<JournalRecord> first = ReadFirstRecord(
            run_->directory.journal(static_cast<uint32_t>(node)));
        if (first.ok()) names_.push_back(first->opened().node_name());
      }
    }
    it = leaving_.erase(it);
  }
  if (names_.empty()) return;
  released_.insert(names_.begin(), names_.end());
  int ends[2];
  absl::Status status;
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
    status = ErrnoStatus("pipe", "", errno);
  } else {
    said_.reset(ends[0]);
    UniqueFd output(ends[1]);
    status = RunScript(absl::StrJoin(released_, ","), run_->temporary_directory,
                       output.get());
  }
  text_.clear();
  if (status.ok()) {
    status = run_->loop->Watch(said_.get(), EPOLLIN,
                               [this](uint32_t) { HearScontrol(); });
  }
  if (status.ok()) return;
  said_.reset();
  over_ = true;
  run_->Say(absl::StrCat("no nodes are released: ", status.message()));
}

void Release::HearScontrol() {
  char buffer[4096];
  ssize_t size;
  while ((size = read(said_.get(), buffer, sizeof buffer)) > 0) {
    text_.append(buffer, static_cast<size_t>(size));
  }
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  run_->loop->Unwatch(said_.get());
  said_.reset();
  absl::string_view text = text_;
  if (absl::ConsumeSuffix(&text, kDone)) {
    run_->Say(absl::StrCat(absl::StrJoin(names_, ", "),
                           names_.size() == 1 ? " has" : " have",
                           " nothing left to do, and went back to Slurm"));
    return;
  }
  over_ = true;
  run_->Say(absl::StrCat(
      "no more nodes are released: ",
      absl::StrReplaceAll(absl::StripAsciiWhitespace(text), {{"\n", "; "}})));
}

}  // namespace cram
