#include "pack/base/run_directory.h"

#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "pack/base/io.h"

namespace cram {
namespace {

namespace fs = std::filesystem;

constexpr absl::string_view kPrefix = "cram-";
constexpr absl::string_view kJournal = "journal.";

// Links are swept when more than this many are remembered.
constexpr size_t kSweepAbove = 256;

std::string StateHome() {
  const char* state = getenv("XDG_STATE_HOME");
  if (state != nullptr && state[0] == '/') return absl::StrCat(state, "/cram");
  const char* home = getenv("HOME");
  if (home == nullptr || home[0] != '/') {
    const passwd* entry = getpwuid(getuid());
    home = entry == nullptr ? "/" : entry->pw_dir;
  }
  return absl::StrCat(home, "/.local/state/cram");
}

bool IsRunDirectory(const std::string& path) {
  RunDirectory run(path);
  absl::StatusOr<std::vector<uint32_t>> nodes = run.Nodes();
  if (!nodes.ok()) return false;
  return !nodes->empty() ||
         (!run.run_id().empty() && access(run.manifest().c_str(), F_OK) == 0);
}

bool Matches(absl::string_view run_id, absl::string_view wanted) {
  return wanted.empty() || run_id == wanted ||
         (absl::ConsumePrefix(&run_id, wanted) && run_id[0] == '.');
}

// The newest run directory in `parent` whose run id matches; entries may be
// links. "Newest" by the last write to its first journal.
std::optional<RunDirectory> NewestIn(const std::string& parent,
                                     absl::string_view wanted) {
  std::optional<RunDirectory> newest;
  fs::file_time_type newest_time;
  std::error_code error;
  for (const fs::directory_entry& entry :
       fs::directory_iterator(parent, error)) {
    RunDirectory run(entry.path().string());
    if (run.run_id().empty() || !Matches(run.run_id(), wanted)) continue;
    std::error_code gone;
    std::string target = fs::canonical(entry.path(), gone).string();
    if (gone || !IsRunDirectory(target)) continue;
    fs::file_time_type time = fs::last_write_time(run.journal(0), gone);
    if (gone) time = fs::last_write_time(target, gone);
    if (!newest || time > newest_time) {
      newest = RunDirectory(target);
      newest_time = time;
    }
  }
  return newest;
}

void SweepDeadLinks(const std::string& home) {
  std::error_code error;
  std::vector<fs::path> dead;
  size_t links = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(home, error)) {
    ++links;
    if (entry.is_symlink(error) && !fs::exists(entry.path(), error)) {
      dead.push_back(entry.path());
    }
  }
  if (links <= kSweepAbove) return;
  for (const fs::path& path : dead) fs::remove(path, error);
}

}  // namespace

std::string RunDirectory::journal(uint32_t node_id) const {
  return absl::StrCat(path_, "/", kJournal, node_id);
}

std::string RunDirectory::agent(uint32_t node_id) const {
  return node_id == 0 ? root() : absl::StrCat(path_, "/agent.", node_id);
}

std::string RunDirectory::output(uint32_t node_id) const {
  return absl::StrCat(path_, "/output.", node_id);
}

absl::StatusOr<std::vector<uint32_t>> RunDirectory::Nodes() const {
  DIR* dir = opendir(path_.c_str());
  if (dir == nullptr) return ErrnoStatus("open", path_, errno);
  std::vector<uint32_t> nodes;
  while (const dirent* entry = readdir(dir)) {
    absl::string_view name = entry->d_name;
    uint32_t node;
    if (absl::ConsumePrefix(&name, kJournal) && absl::SimpleAtoi(name, &node)) {
      nodes.push_back(node);
    }
  }
  closedir(dir);
  std::sort(nodes.begin(), nodes.end());
  return nodes;
}

std::string RunDirectory::run_id() const {
  absl::string_view path = absl::StripSuffix(path_, "/");
  absl::string_view name = path.substr(path.rfind('/') + 1);
  if (!absl::ConsumePrefix(&name, kPrefix) ||
      name.find('.') == absl::string_view::npos) {
    return "";
  }
  return std::string(name);
}

RunDirectory RunDirectoryFor(absl::string_view parent,
                             absl::string_view run_id) {
  return RunDirectory(
      absl::StrCat(absl::StripSuffix(parent, "/"), "/", kPrefix, run_id));
}

absl::Status RememberRun(absl::string_view run_id, const std::string& path) {
  std::string home = StateHome();
  std::error_code error;
  fs::create_directories(home, error);
  if (error) return ErrnoStatus("create", home, error.value());
  std::string link = RunDirectoryFor(home, run_id).path();
  unlink(link.c_str());
  if (symlink(path.c_str(), link.c_str()) != 0) {
    return ErrnoStatus("link", link, errno);
  }
  SweepDeadLinks(home);
  return absl::OkStatus();
}

absl::StatusOr<RunDirectory> FindRun(absl::string_view run) {
  std::string path(run);
  absl::Status readable = RunDirectory(path).Nodes().status();
  if (!run.empty() && IsRunDirectory(path)) {
    return RunDirectory(AbsolutePath(run));
  }
  std::error_code error;
  if (!run.empty() && fs::is_directory(path, error)) {
    if (std::optional<RunDirectory> found = NewestIn(path, "")) return *found;
  }
  bool denied = absl::IsPermissionDenied(readable);
  if (absl::StrContains(run, "/")) {
    if (denied) return readable;
    return absl::NotFoundError(
        absl::StrCat(run, ": no run directory (it has no journal)"));
  }
  absl::string_view id = absl::StripPrefix(run, kPrefix);
  for (const std::string& parent : {StateHome(), std::string(".")}) {
    if (std::optional<RunDirectory> found = NewestIn(parent, id)) return *found;
  }
  if (denied) return readable;
  return absl::NotFoundError(absl::StrCat(
      run.empty() ? std::string("no run") : absl::StrCat("no run of job ", run),
      " in ", StateHome(),
      " or the current directory; give the run directory "
      "instead"));
}

}  // namespace cram
