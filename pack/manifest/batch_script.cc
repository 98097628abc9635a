#include "pack/manifest/batch_script.h"

#include <getopt.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pack/base/io.h"
#include "pack/base/size.h"
#include "pack/manifest/template_resources.h"

namespace cram {
namespace {

constexpr absl::string_view kMagic = "#SBATCH";

// Those options without a letter that mean something here.
enum { kMem = 256, kMemPerCpu, kExport, kTasksPerNode, kWrap, kOther };

// All that sbatch has, so that an abbreviation is what it would be there, and
// an option's value is not taken for a word.
constexpr option kOptions[] = {
    {"account", required_argument, nullptr, 'A'},
    {"acctg-freq", required_argument, nullptr, kOther},
    {"array", required_argument, nullptr, 'a'},
    {"batch", required_argument, nullptr, kOther},
    {"bb", required_argument, nullptr, kOther},
    {"bbf", required_argument, nullptr, kOther},
    {"begin", required_argument, nullptr, 'b'},
    {"chdir", required_argument, nullptr, 'D'},
    {"cluster", required_argument, nullptr, kOther},
    {"cluster-constraint", required_argument, nullptr, kOther},
    {"clusters", required_argument, nullptr, 'M'},
    {"comment", required_argument, nullptr, kOther},
    {"constraint", required_argument, nullptr, 'C'},
    {"container", required_argument, nullptr, kOther},
    {"context", required_argument, nullptr, kOther},
    {"contiguous", no_argument, nullptr, kOther},
    {"core-spec", required_argument, nullptr, 'S'},
    {"cores-per-socket", required_argument, nullptr, kOther},
    {"cpu-freq", required_argument, nullptr, kOther},
    {"cpus-per-gpu", required_argument, nullptr, kOther},
    {"cpus-per-task", required_argument, nullptr, 'c'},
    {"deadline", required_argument, nullptr, kOther},
    {"delay-boot", required_argument, nullptr, kOther},
    {"dependency", required_argument, nullptr, 'd'},
    {"distribution", required_argument, nullptr, 'm'},
    {"error", required_argument, nullptr, 'e'},
    {"exclude", required_argument, nullptr, 'x'},
    {"exclusive", optional_argument, nullptr, kOther},
    {"export", required_argument, nullptr, kExport},
    {"export-file", required_argument, nullptr, kOther},
    {"extra-node-info", required_argument, nullptr, 'B'},
    {"get-user-env", optional_argument, nullptr, kOther},
    {"gid", required_argument, nullptr, kOther},
    {"gpu-bind", required_argument, nullptr, kOther},
    {"gpu-freq", required_argument, nullptr, kOther},
    {"gpus", required_argument, nullptr, 'G'},
    {"gpus-per-node", required_argument, nullptr, kOther},
    {"gpus-per-socket", required_argument, nullptr, kOther},
    {"gpus-per-task", required_argument, nullptr, kOther},
    {"gres", required_argument, nullptr, kOther},
    {"gres-flags", required_argument, nullptr, kOther},
    {"help", no_argument, nullptr, 'h'},
    {"hint", required_argument, nullptr, kOther},
    {"hold", no_argument, nullptr, 'H'},
    {"ignore-pbs", no_argument, nullptr, kOther},
    {"input", required_argument, nullptr, 'i'},
    {"job-name", required_argument, nullptr, 'J'},
    {"kill-on-invalid-dep", required_argument, nullptr, kOther},
    {"licenses", required_argument, nullptr, 'L'},
    {"mail-type", required_argument, nullptr, kOther},
    {"mail-user", required_argument, nullptr, kOther},
    {"mcs-label", required_argument, nullptr, kOther},
    {"mem", required_argument, nullptr, kMem},
    {"mem-bind", required_argument, nullptr, kOther},
    {"mem-per-cpu", required_argument, nullptr, kMemPerCpu},
    {"mem-per-gpu", required_argument, nullptr, kOther},
    {"mincpus", required_argument, nullptr, kOther},
    {"network", required_argument, nullptr, kOther},
    {"nice", optional_argument, nullptr, kOther},
    {"no-kill", optional_argument, nullptr, 'k'},
    {"no-requeue", no_argument, nullptr, kOther},
    {"nodefile", required_argument, nullptr, 'F'},
    {"nodelist", required_argument, nullptr, 'w'},
    {"nodes", required_argument, nullptr, 'N'},
    {"ntasks", required_argument, nullptr, 'n'},
    {"ntasks-per-core", required_argument, nullptr, kOther},
    {"ntasks-per-gpu", required_argument, nullptr, kOther},
    {"ntasks-per-node", required_argument, nullptr, kTasksPerNode},
    {"ntasks-per-socket", required_argument, nullptr, kOther},
    {"open-mode", required_argument, nullptr, kOther},
    {"output", required_argument, nullptr, 'o'},
    {"overcommit", no_argument, nullptr, 'O'},
    {"oversubscribe", no_argument, nullptr, 's'},
    {"parsable", no_argument, nullptr, kOther},
    {"partition", required_argument, nullptr, 'p'},
    {"power", required_argument, nullptr, kOther},
    {"prefer", required_argument, nullptr, kOther},
    {"priority", required_argument, nullptr, kOther},
    {"profile", required_argument, nullptr, kOther},
    {"propagate", optional_argument, nullptr, kOther},
    {"qos", required_argument, nullptr, 'q'},
    {"quiet", no_argument, nullptr, 'Q'},
    {"reboot", no_argument, nullptr, kOther},
    {"requeue", no_argument, nullptr, kOther},
    {"reservation", required_argument, nullptr, kOther},
    {"signal", required_argument, nullptr, kOther},
    {"sockets-per-node", required_argument, nullptr, kOther},
    {"spread-job", no_argument, nullptr, kOther},
    {"switches", required_argument, nullptr, kOther},
    {"tasks-per-node", required_argument, nullptr, kTasksPerNode},
    {"test-only", no_argument, nullptr, kOther},
    {"thread-spec", required_argument, nullptr, kOther},
    {"threads-per-core", required_argument, nullptr, kOther},
    {"time", required_argument, nullptr, 't'},
    {"time-min", required_argument, nullptr, kOther},
    {"tmp", required_argument, nullptr, kOther},
    {"uid", required_argument, nullptr, kOther},
    {"usage", no_argument, nullptr, kOther},
    {"use-min-nodes", no_argument, nullptr, kOther},
    {"verbose", no_argument, nullptr, 'v'},
    {"version", no_argument, nullptr, 'V'},
    {"wait", no_argument, nullptr, 'W'},
    {"wait-all-nodes", required_argument, nullptr, kOther},
    {"wckey", required_argument, nullptr, kOther},
    {"wrap", required_argument, nullptr, kWrap},
    {nullptr, 0, nullptr, 0},
};
constexpr char kLetters[] =
    ":A:a:B:b:C:c:D:d:e:F:G:HhI::i:J:k::L:M:m:N:n:Oo:p:Qq:sS:t:uVvWw:x:";

constexpr absl::string_view kIgnoredLetters = "ABbCdFGHhIkLMmOpQqsSuVvWwx";

absl::Status Refuse(absl::string_view message) {
  return absl::InvalidArgumentError(message);
}

// The words of one #SBATCH line. They end at a #, even inside of a word, and at
// an empty one.
absl::StatusOr<std::vector<std::string>> SplitOptions(absl::string_view line) {
  std::vector<std::string> words;
  size_t at = 0;
  for (;;) {
    while (at < line.size() && absl::ascii_isspace(line[at])) ++at;
    if (at < line.size() && line[at] == ':') {
      return Refuse("a ':' where an option should be");
    }
    std::string word;
    char quote = '\0';
    bool escaped = false;
    for (; at < line.size(); ++at) {
      char c = line[at];
      if (escaped) {
        escaped = false;
      } else if (c == '\\') {
        escaped = true;
        continue;
      } else if (quote != '\0') {
        if (c == quote) {
          quote = '\0';
          continue;
        }
      } else if (c == '"' || c == '\'') {
        quote = c;
        continue;
      } else if (c == '#' || absl::ascii_isspace(c)) {
        break;
      }
      word.push_back(c);
    }
    if (quote != '\0') {
      return Refuse(absl::StrCat("unbalanced quote: no second ",
                                 absl::string_view(&quote, 1)));
    }
    if (word.empty()) return words;
    words.push_back(std::move(word));
  }
}

bool IsHeterogeneous(absl::string_view word) {
  return absl::EqualsIgnoreCase(word, "hetjob") ||
         absl::EqualsIgnoreCase(word, "packjob");
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
    case kTasksPerNode:
      return Count(value, &tasks_per_node_);
    case 'N':
      return SetNodes(value);
    case 't':
      return SetTime(value);
    case kMem:
      return SetMemory(value, &script_.memory_bytes);
    case kMemPerCpu:
      return SetMemory(value, &script_.memory_per_cpu);
    case kExport:
      SetExport(value);
      return absl::OkStatus();
    case kWrap:
      return Refuse("there is a script already");
    default:
      return absl::InternalError("an option that means nothing here");
  }
}

// What getopt_long has just met; `word` is the last that it took.
std::string OptionName(int option, int place, absl::string_view word) {
  bool is_good = option != '?' && option != ':';
  if (is_good && place >= 0) return absl::StrCat("--", kOptions[place].name);
  if (!is_good && absl::StartsWith(word, "--")) {
    return std::string(word.substr(0, word.find('=')));
  }
  return {'-', static_cast<char>(is_good ? option : optopt)};
}

absl::Status Options::AddLine(absl::string_view line) {
  absl::StatusOr<std::vector<std::string>> words = SplitOptions(line);
  if (!words.ok()) return words.status();
  if (words->empty()) return absl::OkStatus();
  if (IsHeterogeneous((*words)[0])) {
    return Refuse("a heterogeneous job cannot be a sub-job");
  }
  words->insert(words->begin(), "sbatch");
  std::vector<char*> argv;
  for (std::string& word : *words) argv.push_back(&word[0]);
  argv.push_back(nullptr);
  opterr = 0;
  optind = 0;  // anew
  bool unknown = false;
  for (;;) {
    int place = -1;
    int option = getopt_long(static_cast<int>(words->size()), argv.data(),
                             kLetters, kOptions, &place);
    if (option == -1) break;
    std::string name = OptionName(option, place, argv[optind - 1]);
    if (option == ':') return Refuse(absl::StrCat(name, " lacks its value"));
    if (option == '?') {
      unknown = true;
      Ignore(name);
    } else if (option == kOther ||
               (option < kMem && kIgnoredLetters.find(static_cast<char>(
                                     option)) != absl::string_view::npos)) {
      Ignore(name);
    } else {
      absl::Status status = Set(option, optarg);
      if (!status.ok()) return WithContext(name, status);
    }
  }
  // Behind an option that is not known there may be its value.
  if (optind < static_cast<int>(words->size()) && !unknown) {
    return Refuse(absl::StrCat("'", argv[optind], "' is no option"));
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
