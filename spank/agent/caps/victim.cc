#include "spank/agent/caps/victim.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "pack/base/io.h"
#include "pack/base/size.h"
#include "spank/agent/caps/process_table.h"

namespace cram {
namespace {

constexpr uint64_t kSigkillBit = uint64_t{1} << (SIGKILL - 1);

// The number at the start of "  1234 kB".
uint64_t Kilobytes(absl::string_view value) {
  value = absl::StripAsciiWhitespace(value);
  uint64_t kib = 0;
  (void)absl::SimpleAtoi(value.substr(0, value.find(' ')), &kib);
  return kib * kKiB;
}

bool HasSigkill(absl::string_view mask) {
  uint64_t bits = 0;
  return absl::SimpleHexAtoi(absl::StripAsciiWhitespace(mask), &bits) &&
         (bits & kSigkillBit) != 0;
}

bool IsDying(const MemoryStatus& status) {
  return status.sigkill_pending || !status.has_memory;
}

std::string ReadOr(const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(path);
  return text.ok() ? *std::move(text) : "";
}

// What it has taken at one time or another.
uint64_t FaultedBytes(pid_t pid) {
  static const uint64_t page = sysconf(_SC_PAGESIZE);
  std::optional<ProcessStat> stat =
      ParseProcessStat(ReadOr(absl::StrCat("/proc/", pid, "/stat")));
  return stat ? stat->minor_faults * page : 0;
}

}  // namespace

std::string CommandText(absl::string_view words) {
  while (!words.empty() && words.back() == '\0') words.remove_suffix(1);
  std::string text;
  for (char c : words) {
    if (c == '\0') {
      text += ' ';
    } else if (absl::ascii_isprint(c)) {
      text += c;
    } else {
      absl::StrAppendFormat(&text, "\\%03o", static_cast<unsigned char>(c));
    }
    if (text.size() > kMaxCommandText) {
      text.resize(kMaxCommandText - 3);
      return text + "...";
    }
  }
  return text;
}

MemoryStatus ParseMemoryStatus(absl::string_view status) {
  MemoryStatus parsed;
  for (absl::string_view line : absl::StrSplit(status, '\n')) {
    std::pair<absl::string_view, absl::string_view> field =
        absl::StrSplit(line, absl::MaxSplits(":\t", 1));
    if (field.first == "Name") {
      parsed.name = std::string(field.second);
    } else if (field.first == "State" && !field.second.empty()) {
      parsed.state = field.second[0];
    } else if (field.first == "RssAnon" || field.first == "RssShmem") {
      parsed.has_memory = true;
      parsed.bytes += Kilobytes(field.second);
    } else if (field.first == "SigPnd" || field.first == "ShdPnd") {
      parsed.sigkill_pending |= HasSigkill(field.second);
    }
  }
  return parsed;
}

std::optional<Victim> FindVictim(const std::vector<pid_t>& pids,
                                 const std::optional<Victim>& known) {
  std::optional<Victim> victim;
  std::string name;
  uint64_t largest = 0;
  for (pid_t pid : pids) {
    std::string text = ReadOr(absl::StrCat("/proc/", pid, "/status"));
    MemoryStatus status = ParseMemoryStatus(text);
    if (text.empty() || status.state == 'Z') continue;
    bool dying = IsDying(status);
    bool is_known = known && known->pid == pid;
    uint64_t bytes =
        is_known ? std::max(known->bytes, status.bytes) : status.bytes;
    uint64_t size =
        status.has_memory ? bytes : std::max(bytes, FaultedBytes(pid));
    if (victim && (victim->dying > dying ||
                   (victim->dying == dying && largest >= size))) {
      continue;
    }
    victim = Victim{pid, is_known ? known->command : "", bytes, dying};
    name = status.name;
    largest = size;
  }
  if (!victim) return victim;
  std::string command =
      CommandText(ReadOr(absl::StrCat("/proc/", victim->pid, "/cmdline")));
  if (!command.empty()) victim->command = std::move(command);
  if (victim->command.empty()) {
    victim->command = absl::StrCat("[", CommandText(name), "]");
  }
  return victim;
}

}  // namespace cram
