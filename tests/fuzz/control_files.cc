// memory.events and the like: a key, NUL, the text; and the same as a list of
// processes.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "spank/agent/caps/control_file.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::pair<absl::string_view, absl::string_view> input = absl::StrSplit(
      cram::TextOf(data, size), absl::MaxSplits(absl::ByChar('\0'), 1));
  uint64_t number = cram::KeyedNumber(input.second, input.first);
  if (number != 0 && input.first.find('\n') == absl::string_view::npos) {
    std::string line = absl::StrCat(input.first, " ", number, "\n");
    REQUIRE(cram::KeyedNumber(line, input.first) == number);
  }
  for (pid_t pid : cram::ProcessIds(input.second)) REQUIRE(pid > 0);
  return 0;
}
