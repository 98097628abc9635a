#include "spank/launch/node_size.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "pack/base/fd.h"
#include "pack/base/size.h"

namespace cram {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(5);

uint64_t NumberOr0(absl::string_view text) {
  uint64_t number;
  return absl::SimpleAtoi(text, &number) ? number : 0;
}

absl::string_view Variable(const char* name) {
  const char* value = getenv(name);
  return value ? value : "";
}

// What comes out of `fd` until it is closed or patience ends.
std::string ReadPatiently(int fd) {
  const absl::Time end = absl::Now() + kPatience;
  std::string text;
  char buffer[4096];
  for (;;) {
    pollfd ready = {fd, POLLIN, 0};
    const int64_t left = absl::ToInt64Milliseconds(end - absl::Now());
    if (left <= 0 || poll(&ready, 1, static_cast<int>(left)) <= 0) return "";
    const ssize_t got = read(fd, buffer, sizeof buffer);
    if (got <= 0) return text;
    text.append(buffer, static_cast<size_t>(got));
  }
}

// Standard output of the program; empty when it fails or takes too long.
std::string OutputOf(const std::string& path,
                     const std::vector<const char*>& arguments) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return "";
  UniqueFd read_end(ends[0]), write_end(ends[1]);
  std::vector<char*> argv = {const_cast<char*>(path.c_str())};
  for (const char* word : arguments) argv.push_back(const_cast<char*>(word));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, write_end.get(), 1);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  pid_t child;
  const int error = posix_spawn(&child, path.c_str(), &actions, nullptr,
                                argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return "";
  write_end.reset();
  std::string text = ReadPatiently(read_end.get());
  if (text.empty()) kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  return status == 0 ? text : "";
}

}  // namespace

NodeSize AllocationSize(absl::string_view cpus_per_node,
                        absl::string_view mem_per_node,
                        absl::string_view mem_per_cpu) {
  NodeSize largest;
  for (absl::string_view group : absl::StrSplit(cpus_per_node, ',')) {
    const size_t times = group.find("(x");
    const uint64_t cpus = NumberOr0(group.substr(0, times));
    uint64_t nodes = 1;
    if (times != absl::string_view::npos) {
      nodes = NumberOr0(group.substr(times + 2, group.size() - times - 3));
    }
    largest.all_cpus += cpus * nodes;
    largest.cpus = std::max(largest.cpus, static_cast<uint32_t>(cpus));
  }
  largest.memory_bytes = NumberOr0(mem_per_node) * kMiB;
  if (largest.memory_bytes == 0) {
    largest.memory_bytes = NumberOr0(mem_per_cpu) * largest.cpus * kMiB;
  }
  return largest;
}

NodeSize LargestOf(absl::string_view sinfo_lines) {
  NodeSize largest;
  for (absl::string_view line : absl::StrSplit(sinfo_lines, '\n')) {
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.size() != 3) continue;
    const uint64_t cpus = NumberOr0(words[0]), megabytes = NumberOr0(words[1]);
    largest.all_cpus += cpus * NumberOr0(words[2]);
    largest.cpus = std::max(largest.cpus, static_cast<uint32_t>(cpus));
    if (megabytes <= 1) continue;
    largest.memory_bytes = std::max(largest.memory_bytes, megabytes * kMiB);
  }
  return largest;
}

NodeSize FindNodeSize(bool in_allocation, const std::string& sinfo) {
  if (in_allocation) {
    return AllocationSize(Variable("SLURM_JOB_CPUS_PER_NODE"),
                          Variable("SLURM_MEM_PER_NODE"),
                          Variable("SLURM_MEM_PER_CPU"));
  }
  // --exact: one line for all nodes that are alike.
  return LargestOf(
      OutputOf(sinfo, {"--noheader", "--exact", "--format=%c %m %D"}));
}

}  // namespace cram
