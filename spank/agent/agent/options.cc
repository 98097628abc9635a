#include "spank/agent/agent/options.h"

#include <stdint.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace cram {

absl::StatusOr<AgentOptions> AgentOptions::Parse(int argc, char** argv) {
  AgentOptions options;
  int i = 1;
  for (; i < argc && absl::string_view(argv[i]) != "--"; ++i) {
    absl::string_view argument = argv[i];
    if (!absl::ConsumePrefix(&argument, "--")) {
      return absl::InvalidArgumentError(
          absl::StrCat("unexpected argument '", argument, "'"));
    }
    std::pair<absl::string_view, absl::string_view> option =
        absl::StrSplit(argument, absl::MaxSplits('=', 1));
    if (option.first == "manifest") {
      options.manifest = std::string(option.second);
    } else if (option.first == "terminal") {
      options.terminal = true;
    } else if (option.first == "alone") {
      options.alone = true;
    } else if (int64_t seconds; option.first == "sweep" &&
                                absl::SimpleAtoi(option.second, &seconds)) {
      options.sweep = absl::FromUnixSeconds(seconds);
    } else {
      absl::Status status = options.run.Set(option.first, option.second);
      if (!status.ok()) return status;
    }
  }
  for (++i; i < argc; ++i) options.default_command.emplace_back(argv[i]);
  if (options.manifest.empty() && !options.sweep) {
    return absl::InvalidArgumentError(
        "no --manifest=FILE: use srun --cram=FILE or cram run FILE");
  }
  return options;
}

}  // namespace cram
