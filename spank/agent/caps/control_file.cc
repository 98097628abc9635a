#include "spank/agent/caps/control_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pack/base/die_with_parent.h"
#include "pack/base/io.h"
#include "spank/agent/caps/process_table.h"

namespace cram {
namespace {

constexpr int kRemoveTries = 50;
constexpr useconds_t kBetweenTriesUs = 2000;

std::string CgroupFile(pid_t pid) {
  return absl::StrCat("/proc/", pid, "/cgroup");
}

// The MemoryLine of a process that is in the directory's cgroup.
absl::StatusOr<std::string> FindIn(const std::string& directory, pid_t pid) {
  absl::StatusOr<std::string> procs = ReadFile(directory + "/cgroup.procs");
  if (!procs.ok()) return procs.status();
  std::vector<pid_t> members = ProcessIds(*procs);
  if (std::find(members.begin(), members.end(), pid) == members.end()) {
    return absl::InternalError(
        absl::StrCat("a process that enters ", directory, " is not in it"));
  }
  absl::StatusOr<std::string> cgroup = ReadFile(CgroupFile(pid));
  if (!cgroup.ok()) return cgroup.status();
  return std::string(MemoryLine(*cgroup));
}

}  // namespace

uint64_t KeyedNumber(absl::string_view text, absl::string_view key) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    uint64_t number;
    if (absl::ConsumePrefix(&line, key) && absl::ConsumePrefix(&line, " ") &&
        absl::SimpleAtoi(line, &number)) {
      return number;
    }
  }
  return 0;
}

std::vector<pid_t> ProcessIds(absl::string_view text) {
  std::vector<pid_t> pids;
  text.remove_suffix(text.size() - (text.rfind('\n') + 1));
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    pid_t pid;
    // 0 stands for a process of another pid namespace.
    if (absl::SimpleAtoi(line, &pid) && pid > 0) pids.push_back(pid);
  }
  return pids;
}

absl::Status ControlFile::Open(const std::string& directory, const char* name,
                               int flags) {
  path_ = absl::StrCat(directory, "/", name);
  absl::StatusOr<UniqueFd> fd = OpenFile(path_, flags);
  if (!fd.ok()) return fd.status();
  fd_ = *std::move(fd);
  return absl::OkStatus();
}

void ControlFile::Take(UniqueFd fd, const std::string& directory,
                       const char* name) {
  path_ = absl::StrCat(directory, "/", name);
  fd_ = std::move(fd);
}

absl::Status ControlFile::Write(absl::string_view text) const {
  if (pwrite(fd_.get(), text.data(), text.size(), 0) < 0) {
    return ErrnoStatus("write", path_, errno);
  }
  return absl::OkStatus();
}

absl::string_view ControlFile::Read(char* buffer, size_t bytes) const {
  ssize_t n = pread(fd_.get(), buffer, bytes, 0);
  return absl::string_view(buffer, n < 0 ? 0 : n);
}

uint64_t ControlFile::ReadNumber() const {
  char buffer[32];
  uint64_t number = 0;
  (void)absl::SimpleAtoi(Read(buffer, sizeof buffer), &number);
  return number;
}

uint64_t ControlFile::ReadNumber(absl::string_view key) const {
  char buffer[512];
  return KeyedNumber(Read(buffer, sizeof buffer), key);
}

bool KillListed(const std::string& directory) {
  // Opened anew each time: a descriptor that stays open goes on giving the
  // list of its first read for as long as it is read more than once a second.
  ControlFile procs;
  if (!procs.Open(directory, "cgroup.procs", O_RDONLY).ok()) return false;
  char buffer[4096];
  absl::string_view text = procs.Read(buffer, sizeof buffer);
  for (pid_t pid : ProcessIds(text)) kill(pid, SIGKILL);
  return text.empty();
}

bool RemoveCgroup(const std::string& directory) {
  for (int i = 0; i < kRemoveTries; ++i) {
    if (rmdir(directory.c_str()) == 0 || errno == ENOENT) return true;
    if (errno != EBUSY && errno != ENOTEMPTY) return false;
    std::error_code error;
    for (const auto& entry :
         std::filesystem::directory_iterator(directory, error)) {
      if (entry.is_directory(error)) RemoveCgroup(entry.path().string());
    }
    if (rmdir(directory.c_str()) == 0) return true;
    usleep(kBetweenTriesUs);
  }
  return false;
}

absl::string_view MemoryLine(absl::string_view cgroup) {
  absl::string_view unified;
  for (absl::string_view line : absl::StrSplit(cgroup, '\n')) {
    // hierarchy:controllers:path
    std::vector<absl::string_view> fields =
        absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (fields.size() != 3) continue;
    for (absl::string_view word : absl::StrSplit(fields[1], ',')) {
      if (word == "memory") return line;
    }
    if (fields[0] == "0" && fields[1].empty()) unified = line;
  }
  return unified;
}

absl::StatusOr<std::string> CheckEntry(int entry_fd,
                                       const std::string& directory) {
  int said[2];
  if (pipe2(said, O_CLOEXEC) != 0) return ErrnoStatus("pipe", "", errno);
  UniqueFd listen(said[0]), speak(said[1]);
  pid_t self = getpid(), child = fork();
  if (child < 0) return ErrnoStatus("fork", "", errno);
  if (child == 0) {
    DieWithParent(self);
    int error = write(entry_fd, "0", 1) == 1 ? 0 : errno;
    if (write(speak.get(), &error, sizeof error) == sizeof error) pause();
    _exit(0);
  }
  speak.reset();
  int error = EIO;
  bool heard = read(listen.get(), &error, sizeof error) == sizeof error;
  absl::StatusOr<std::string> found;
  if (!heard || error != 0) {
    found = ErrnoStatus("enter", directory, error);
  } else {
    found = FindIn(directory, child);
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  return found;
}

bool IsInCgroup(pid_t pid, absl::string_view memory_line) {
  absl::StatusOr<std::string> cgroup = ReadFile(CgroupFile(pid));
  if (!cgroup.ok()) return true;
  absl::string_view rest = MemoryLine(*cgroup);
  if (absl::ConsumePrefix(&rest, memory_line) &&
      (rest.empty() || rest[0] == '/')) {
    return true;
  }
  // With v1 one that ends goes to the root.
  absl::StatusOr<std::string> stat =
      ReadFile(absl::StrCat("/proc/", pid, "/stat"));
  if (!stat.ok()) return true;
  std::optional<ProcessStat> parsed = ParseProcessStat(*stat);
  return !parsed || parsed->exiting;
}

}  // namespace cram
