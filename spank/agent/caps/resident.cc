#include "spank/agent/caps/resident.h"

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pack/base/io.h"
#include "pack/base/size.h"

namespace cram {
namespace {

Resident Read(const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(path);
  return text.ok() ? ParseResident(*text) : Resident();
}

}  // namespace

Resident ResidentOf(pid_t pid) {
  return Read(absl::StrCat("/proc/", pid, "/status"));
}

Resident ProportionOf(pid_t pid) {
  Resident resident = Read(absl::StrCat("/proc/", pid, "/smaps_rollup"));
  return resident.With(0) != 0 ? resident : ResidentOf(pid);
}

Resident ParseResident(absl::string_view lines) {
  // NAME: <number> kB
  Resident resident;
  for (absl::string_view line : absl::StrSplit(lines, '\n')) {
    std::pair<absl::string_view, absl::string_view> field =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    absl::string_view name = field.first;
    bool is_shared = name == "RssShmem" || name == "Pss_Shmem";
    bool is_anonymous = name == "RssAnon" || name == "VmSwap" ||
                        name == "Pss_Anon" || name == "SwapPss";
    if (!is_shared && !is_anonymous) continue;
    uint64_t kib;
    absl::string_view number = absl::StripAsciiWhitespace(field.second);
    if (!absl::ConsumeSuffix(&number, " kB") ||
        !absl::SimpleAtoi(number, &kib)) {
      continue;
    }
    (is_shared ? resident.shared : resident.anonymous) += kib * kKiB;
  }
  return resident;
}

}  // namespace cram
