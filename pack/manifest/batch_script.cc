#include "pack/manifest/batch_script.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pack/base/io.h"
#include "pack/base/size.h"
#include "pack/manifest/sbatch_options.h"
#include "pack/manifest/template_resources.h"

namespace cram {
namespace {

constexpr absl::string_view kMagic = "#SBATCH";

absl::Status Refuse(absl::string_view message) {
  return absl::InvalidArgumentError(message);
}

bool IsUnlimited(absl::string_view time) {
  return time == "0" || time == "-1" ||
         absl::EqualsIgnoreCase(time, "unlimited") ||
         absl::EqualsIgnoreCase(time, "infinite");
}

class Options {
 public:
  absl::Status AddLine(absl::string_view line);
  absl::StatusOr<BatchScript> Finish();

 private:
  absl::Status Set(int option, const std::string& value);
  absl::Status SetNodes(absl::string_view value);
  absl::Status SetMemory(const std::string& value, uint64_t* bytes);
  absl::Status SetTime(absl::string_view value);
  void SetExport(absl::string_view value);
  void Ignore(absl::string_view option) {
    std::vector<std::string>& list = script_.ignored;
    if (std::find(list.begin(), list.end(), option) == list.end()) {
      list.emplace_back(option);
    }
  }

  BatchScript script_;
  uint32_t tasks_per_node_ = 0;
};

absl::Status Count(absl::string_view value, uint32_t* count) {
  SubJobTemplate counted;
  absl::Status status = SetCpus(value, &counted);
  if (status.ok()) *count = counted.cpus();
  return status;
}

absl::Status Options::SetNodes(absl::string_view value) {
  uint32_t nodes = 0;
  absl::Status status = Count(value.substr(0, value.find('-')), &nodes);
  if (status.ok() && nodes > 1) {
    return Refuse(absl::StrCat("a sub-job runs on one node, not on ", nodes));
  }
  return status;
}

// Zero is all that the node has.
absl::Status Options::SetMemory(const std::string& value, uint64_t* bytes) {
  script_.memory_bytes = script_.memory_per_cpu = 0;
  if (value.find_first_not_of("0KMGTkmgtBb") == std::string::npos &&
      absl::StartsWith(value, "0")) {
    Ignore("--mem=0");
    return absl::OkStatus();
  }
  absl::StatusOr<uint64_t> size = ParseSize(value);
  if (size.ok()) *bytes = *size;
  return size.status();
}

absl::Status Options::SetTime(absl::string_view value) {
  script_.time_limit_ms = 0;
  if (IsUnlimited(value)) return absl::OkStatus();
  SubJobTemplate limited;
  absl::Status status = SetTimeLimit(value, &limited);
  script_.time_limit_ms = limited.time_limit_ms();
  return status;
}

// A sub-job has the environment of the run, and cannot have less of it.
void Options::SetExport(absl::string_view value) {
  script_.exported.clear();
  bool all = false;
  for (absl::string_view part : absl::StrSplit(value, ',')) {
    size_t equals = part.find('=');
    if (equals != absl::string_view::npos && equals > 0) {
      script_.exported.emplace_back(part.substr(0, equals),
                                    part.substr(equals + 1));
    }
    all = all || absl::EqualsIgnoreCase(part, "ALL");
  }
  if (!all) Ignore("--export without ALL");
}

absl::Status Options::Set(int option, const std::string& value) {
  switch (option) {
    case 'a':
      script_.array = value;
      return absl::OkStatus();
    case 'J':
      script_.job_name = value;
      return absl::OkStatus();
    case 'o':
      script_.output = value;
      return absl::OkStatus();
    case 'e':
      script_.error = value;
      return absl::OkStatus();
    case 'i':
      script_.input = value;
      return absl::OkStatus();
    case 'D':
      script_.chdir = value;
      return absl::OkStatus();
    case 'n':
      return Count(value, &script_.tasks);
    case 'c':
      return Count(value, &script_.cpus_per_task);
    case kSbatchTasksPerNode:
      return Count(value, &tasks_per_node_);
    case 'N':
      return SetNodes(value);
    case 't':
      return SetTime(value);
    case kSbatchMem:
      return SetMemory(value, &script_.memory_bytes);
    case kSbatchMemPerCpu:
      return SetMemory(value, &script_.memory_per_cpu);
    case kSbatchExport:
      SetExport(value);
      return absl::OkStatus();
    case kSbatchWrap:
      return Refuse("there is a script already");
    default:
      return absl::InternalError("an option that means nothing here");
  }
}

absl::Status Options::AddLine(absl::string_view line) {
  absl::StatusOr<std::vector<SbatchOption>> options = ParseSbatchOptions(line);
  if (!options.ok()) return options.status();
  for (const SbatchOption& option : *options) {
    if (option.option == kSbatchOther) {
      Ignore(option.name);
      continue;
    }
    absl::Status status = Set(option.option, option.value);
    if (!status.ok()) return WithContext(option.name, status);
  }
  return absl::OkStatus();
}

absl::StatusOr<BatchScript> Options::Finish() {
  if (script_.tasks == 0) script_.tasks = tasks_per_node_;
  if (uint64_t{std::max(script_.tasks, 1U)} *
          std::max(script_.cpus_per_task, 1U) >
      UINT32_MAX) {
    return Refuse("more CPUs than any node has");
  }
  return std::move(script_);
}

}  // namespace

uint32_t BatchScript::cpus() const {
  if (tasks == 0 && cpus_per_task == 0) return 0;
  return std::max(tasks, 1U) * std::max(cpus_per_task, 1U);
}

absl::StatusOr<BatchScript> BatchScript::Parse(absl::string_view text,
                                               absl::string_view name) {
  Options options;
  uint64_t number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    if (absl::ConsumePrefix(&line, kMagic)) {
      absl::Status status = options.AddLine(line);
      if (!status.ok()) {
        return WithContext(absl::StrCat(name, ":", number), status);
      }
      continue;
    }
    absl::string_view bare = absl::StripLeadingAsciiWhitespace(line);
    if (!bare.empty() && bare[0] != '#') break;
  }
  absl::StatusOr<BatchScript> script = options.Finish();
  if (!script.ok()) return WithContext(name, script.status());
  return script;
}

}  // namespace cram
