#include "spank/agent/caps/cgroup_mounts.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pack/base/io.h"

namespace cram {
namespace {

bool HasWord(absl::string_view list, absl::string_view word) {
  std::vector<absl::string_view> words = absl::StrSplit(list, ',');
  return std::find(words.begin(), words.end(), word) != words.end();
}

struct Mount {
  std::string root, point;
};

// `path` of a hierarchy as seen through its mount.
std::string Below(const Mount& mount, absl::string_view path) {
  if (mount.point.empty()) return "";
  if (mount.root != "/") {
    if (!absl::ConsumePrefix(&path, mount.root)) return "";
    if (!path.empty() && path[0] != '/') return "";  // only begins alike
  }
  return absl::StrCat(mount.point, path == "/" ? "" : path);
}

}  // namespace

MemoryCgroup ParseMemoryCgroup(absl::string_view cgroup,
                               absl::string_view mountinfo) {
  Mount v1, v2;
  for (absl::string_view line : absl::StrSplit(mountinfo, '\n')) {
    // 36 35 98:0 /root /point options - type source superoptions
    std::vector<absl::string_view> halves =
        absl::StrSplit(line, absl::MaxSplits(" - ", 1));
    if (halves.size() != 2) continue;
    std::vector<absl::string_view> left = absl::StrSplit(halves[0], ' ');
    std::vector<absl::string_view> right = absl::StrSplit(halves[1], ' ');
    if (left.size() < 5 || right.size() < 3) continue;
    Mount mount{std::string(left[3]), std::string(left[4])};
    if (right[0] == "cgroup2" && v2.point.empty()) v2 = mount;
    if (right[0] == "cgroup" && HasWord(right[2], "memory")) v1 = mount;
  }
  MemoryCgroup found;
  for (absl::string_view line : absl::StrSplit(cgroup, '\n')) {
    // hierarchy:controllers:path
    std::vector<absl::string_view> fields =
        absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (fields.size() != 3) continue;
    if (HasWord(fields[1], "memory")) {
      found.v1 = Below(v1, fields[2]);
      found.v1_mount = v1.point;
    } else if (fields[0] == "0" && fields[1].empty()) {
      found.v2 = Below(v2, fields[2]);
      found.v2_mount = v2.point;
    }
  }
  return found;
}

MemoryCgroup FindMemoryCgroup() {
  absl::StatusOr<std::string> cgroup = ReadFile("/proc/self/cgroup");
  absl::StatusOr<std::string> mountinfo = ReadFile("/proc/self/mountinfo");
  if (!cgroup.ok() || !mountinfo.ok()) return {};
  return ParseMemoryCgroup(*cgroup, *mountinfo);
}

}  // namespace cram
