// The agent's command line: words that end in NUL, as in /proc/<pid>/cmdline.
#include "absl/strings/str_split.h"
#include "spank/agent/agent/options.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<std::string> words =
      absl::StrSplit(cram::TextOf(data, size), '\0');
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(&word[0]);
  int argc = static_cast<int>(argv.size());
  argv.push_back(nullptr);
  absl::StatusOr<cram::AgentOptions> options =
      cram::AgentOptions::Parse(argc, argv.data());
  REQUIRE(!options.ok() || !options->manifest.empty());
  return 0;
}
