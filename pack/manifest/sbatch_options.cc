#include "pack/manifest/sbatch_options.h"

#include <getopt.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace cram {
namespace {

// All that sbatch has, so that an abbreviation is what it would be there, and
// an option's value is not taken for a word.
constexpr option kOptions[] = {
    {"account", required_argument, nullptr, 'A'},
    {"acctg-freq", required_argument, nullptr, kSbatchOther},
    {"array", required_argument, nullptr, 'a'},
    {"batch", required_argument, nullptr, kSbatchOther},
    {"bb", required_argument, nullptr, kSbatchOther},
    {"bbf", required_argument, nullptr, kSbatchOther},
    {"begin", required_argument, nullptr, 'b'},
    {"chdir", required_argument, nullptr, 'D'},
    {"cluster", required_argument, nullptr, kSbatchOther},
    {"cluster-constraint", required_argument, nullptr, kSbatchOther},
    {"clusters", required_argument, nullptr, 'M'},
    {"comment", required_argument, nullptr, kSbatchOther},
    {"constraint", required_argument, nullptr, 'C'},
    {"container", required_argument, nullptr, kSbatchOther},
    {"context", required_argument, nullptr, kSbatchOther},
    {"contiguous", no_argument, nullptr, kSbatchOther},
    {"core-spec", required_argument, nullptr, 'S'},
    {"cores-per-socket", required_argument, nullptr, kSbatchOther},
    {"cpu-freq", required_argument, nullptr, kSbatchOther},
    {"cpus-per-gpu", required_argument, nullptr, kSbatchOther},
    {"cpus-per-task", required_argument, nullptr, 'c'},
    {"deadline", required_argument, nullptr, kSbatchOther},
    {"delay-boot", required_argument, nullptr, kSbatchOther},
    {"dependency", required_argument, nullptr, 'd'},
    {"distribution", required_argument, nullptr, 'm'},
    {"error", required_argument, nullptr, 'e'},
    {"exclude", required_argument, nullptr, 'x'},
    {"exclusive", optional_argument, nullptr, kSbatchOther},
    {"export", required_argument, nullptr, kSbatchExport},
    {"export-file", required_argument, nullptr, kSbatchOther},
    {"extra-node-info", required_argument, nullptr, 'B'},
    {"get-user-env", optional_argument, nullptr, kSbatchOther},
    {"gid", required_argument, nullptr, kSbatchOther},
    {"gpu-bind", required_argument, nullptr, kSbatchOther},
    {"gpu-freq", required_argument, nullptr, kSbatchOther},
    {"gpus", required_argument, nullptr, 'G'},
    {"gpus-per-node", required_argument, nullptr, kSbatchOther},
    {"gpus-per-socket", required_argument, nullptr, kSbatchOther},
    {"gpus-per-task", required_argument, nullptr, kSbatchOther},
    {"gres", required_argument, nullptr, kSbatchOther},
    {"gres-flags", required_argument, nullptr, kSbatchOther},
    {"help", no_argument, nullptr, 'h'},
    {"hint", required_argument, nullptr, kSbatchOther},
    {"hold", no_argument, nullptr, 'H'},
    {"ignore-pbs", no_argument, nullptr, kSbatchOther},
    {"input", required_argument, nullptr, 'i'},
    {"job-name", required_argument, nullptr, 'J'},
    {"kill-on-invalid-dep", required_argument, nullptr, kSbatchOther},
    {"licenses", required_argument, nullptr, 'L'},
    {"mail-type", required_argument, nullptr, kSbatchOther},
    {"mail-user", required_argument, nullptr, kSbatchOther},
    {"mcs-label", required_argument, nullptr, kSbatchOther},
    {"mem", required_argument, nullptr, kSbatchMem},
    {"mem-bind", required_argument, nullptr, kSbatchOther},
    {"mem-per-cpu", required_argument, nullptr, kSbatchMemPerCpu},
    {"mem-per-gpu", required_argument, nullptr, kSbatchOther},
    {"mincpus", required_argument, nullptr, kSbatchOther},
    {"network", required_argument, nullptr, kSbatchOther},
    {"nice", optional_argument, nullptr, kSbatchOther},
    {"no-kill", optional_argument, nullptr, 'k'},
    {"no-requeue", no_argument, nullptr, kSbatchOther},
    {"nodefile", required_argument, nullptr, 'F'},
    {"nodelist", required_argument, nullptr, 'w'},
    {"nodes", required_argument, nullptr, 'N'},
    {"ntasks", required_argument, nullptr, 'n'},
    {"ntasks-per-core", required_argument, nullptr, kSbatchOther},
    {"ntasks-per-gpu", required_argument, nullptr, kSbatchOther},
    {"ntasks-per-node", required_argument, nullptr, kSbatchTasksPerNode},
    {"ntasks-per-socket", required_argument, nullptr, kSbatchOther},
    {"open-mode", required_argument, nullptr, kSbatchOther},
    {"output", required_argument, nullptr, 'o'},
    {"overcommit", no_argument, nullptr, 'O'},
    {"oversubscribe", no_argument, nullptr, 's'},
    {"parsable", no_argument, nullptr, kSbatchOther},
    {"partition", required_argument, nullptr, 'p'},
    {"power", required_argument, nullptr, kSbatchOther},
    {"prefer", required_argument, nullptr, kSbatchOther},
    {"priority", required_argument, nullptr, kSbatchOther},
    {"profile", required_argument, nullptr, kSbatchOther},
    {"propagate", optional_argument, nullptr, kSbatchOther},
    {"qos", required_argument, nullptr, 'q'},
    {"quiet", no_argument, nullptr, 'Q'},
    {"reboot", no_argument, nullptr, kSbatchOther},
    {"requeue", no_argument, nullptr, kSbatchOther},
    {"reservation", required_argument, nullptr, kSbatchOther},
    {"signal", required_argument, nullptr, kSbatchOther},
    {"sockets-per-node", required_argument, nullptr, kSbatchOther},
    {"spread-job", no_argument, nullptr, kSbatchOther},
    {"switches", required_argument, nullptr, kSbatchOther},
    {"tasks-per-node", required_argument, nullptr, kSbatchTasksPerNode},
    {"test-only", no_argument, nullptr, kSbatchOther},
    {"thread-spec", required_argument, nullptr, kSbatchOther},
    {"threads-per-core", required_argument, nullptr, kSbatchOther},
    {"time", required_argument, nullptr, 't'},
    {"time-min", required_argument, nullptr, kSbatchOther},
    {"tmp", required_argument, nullptr, kSbatchOther},
    {"uid", required_argument, nullptr, kSbatchOther},
    {"usage", no_argument, nullptr, kSbatchOther},
    {"use-min-nodes", no_argument, nullptr, kSbatchOther},
    {"verbose", no_argument, nullptr, 'v'},
    {"version", no_argument, nullptr, 'V'},
    {"wait", no_argument, nullptr, 'W'},
    {"wait-all-nodes", required_argument, nullptr, kSbatchOther},
    {"wckey", required_argument, nullptr, kSbatchOther},
    {"wrap", required_argument, nullptr, kSbatchWrap},
    {nullptr, 0, nullptr, 0},
};
constexpr char kLetters[] =
    ":A:a:B:b:C:c:D:d:e:F:G:HhI::i:J:k::L:M:m:N:n:Oo:p:Qq:sS:t:uVvWw:x:";

constexpr absl::string_view kOtherLetters = "ABbCdFGHhIkLMmOpQqsSuVvWwx";

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

// What getopt_long has just met; `word` is the last that it took.
std::string OptionName(int option, int place, absl::string_view word) {
  bool is_good = option != '?' && option != ':';
  if (is_good && place >= 0) return absl::StrCat("--", kOptions[place].name);
  if (!is_good && absl::StartsWith(word, "--")) {
    return std::string(word.substr(0, word.find('=')));
  }
  return {'-', static_cast<char>(is_good ? option : optopt)};
}

bool IsOther(int option) {
  return option >= kSbatchOther ||
         (option < kSbatchMem && kOtherLetters.find(static_cast<char>(
                                     option)) != absl::string_view::npos);
}

}  // namespace

absl::StatusOr<std::vector<SbatchOption>> ParseSbatchOptions(
    absl::string_view line) {
  absl::StatusOr<std::vector<std::string>> words = SplitOptions(line);
  if (!words.ok()) return words.status();
  std::vector<SbatchOption> options;
  if (words->empty()) return options;
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
    unknown = unknown || option == '?';
    options.push_back({option == '?' || IsOther(option) ? kSbatchOther : option,
                       name, optarg == nullptr ? "" : optarg});
  }
  // Behind an option that is not known there may be its value.
  if (optind < static_cast<int>(words->size()) && !unknown) {
    return Refuse(absl::StrCat("'", argv[optind], "' is no option"));
  }
  return options;
}

}  // namespace cram
