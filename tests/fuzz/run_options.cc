// A run option, NAME=VALUE a line: what was taken makes sense.
#include "pack/base/run_options.h"

#include "absl/strings/str_split.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cram::RunOptions options;
  for (absl::string_view line :
       absl::StrSplit(cram::TextOf(data, size), '\n')) {
    std::pair<absl::string_view, absl::string_view> words =
        absl::StrSplit(line, absl::MaxSplits('=', 1));
    (void)options.Set(words.first, words.second);
  }
  REQUIRE(options.time_limit > absl::ZeroDuration());
  REQUIRE(!options.mem_share || options.mem_bytes == 0);
  REQUIRE(!options.mem_auto || (options.mem_bytes == 0 && !options.mem_share));
  REQUIRE(options.oom_factor == 0 || options.oom_factor > 1);
  REQUIRE(!options.max_failures || !options.max_failures_pc);
  REQUIRE(!options.max_failures_pc || options.FailuresAllowed(1000) <= 1000);
  REQUIRE(options.dir.empty() || options.dir[0] == '/');
  return 0;
}
