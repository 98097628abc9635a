// Words of a line survive being quoted and split again.
#include "pack/manifest/words.h"

#include "pack/base/shell_quote.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using WordsOr = absl::StatusOr<std::vector<std::string>>;
  WordsOr words = cram::SplitWords(cram::TextOf(data, size));
  if (!words.ok()) return 0;
  WordsOr again = cram::SplitWords(cram::ShellJoin(*words));
  REQUIRE(again.ok() && *again == *words);
  return 0;
}
