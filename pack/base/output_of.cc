#include "pack/base/output_of.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "absl/time/clock.h"
#include "pack/base/clock.h"
#include "pack/base/fd.h"

extern char** environ;

namespace cram {
namespace {

// The process, with `output` as its standard output; 0: none.
pid_t Start(const std::vector<std::string>& argv, int output) {
  std::vector<char*> words;
  for (const std::string& word : argv) {
    words.push_back(const_cast<char*>(word.c_str()));
  }
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, 1);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  pid_t child;
  int error =
      posix_spawn(&child, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? child : 0;
}

// What comes out of `fd` until it is closed; none: that is not before `end`.
std::optional<std::string> ReadUntil(Instant end, int fd) {
  std::string text;
  char buffer[4096];
  for (;;) {
    pollfd ready = {fd, POLLIN, 0};
    int64_t left = absl::ToInt64Milliseconds(end - MonotonicNow());
    if (left <= 0) return std::nullopt;
    int events = poll(&ready, 1, static_cast<int>(left));
    ssize_t got = events > 0 ? read(fd, buffer, sizeof buffer) : events;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 || events == 0) return std::nullopt;
    if (got == 0) return text;
    text.append(buffer, static_cast<size_t>(got));
  }
}

// Whether it ended with status 0 before `end`. It has ended in any case.
bool EndsWell(pid_t child, Instant end) {
  int status;
  pid_t ended;
  absl::Duration pause = absl::Microseconds(100);
  while ((ended = waitpid(child, &status, WNOHANG)) == 0 &&
         MonotonicNow() < end) {
    absl::SleepFor(pause);
    pause = std::min(2 * pause, absl::Milliseconds(20));
  }
  if (ended != 0) return ended == child && status == 0;
  kill(child, SIGKILL);
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return false;
}

}  // namespace

std::optional<std::string> OutputOf(const std::vector<std::string>& argv,
                                    absl::Duration patience) {
  Instant end = MonotonicNow() + patience;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  UniqueFd read_end(ends[0]), write_end(ends[1]);
  pid_t child = Start(argv, write_end.get());
  if (child == 0) return std::nullopt;
  write_end.reset();
  std::optional<std::string> text = ReadUntil(end, read_end.get());
  bool ended_well = EndsWell(child, text ? end : -absl::InfiniteDuration());
  return ended_well ? text : std::nullopt;
}

}  // namespace cram
