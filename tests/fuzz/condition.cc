// A condition in the first line, held against the values of a and b in the
// next two.
#include "pack/manifest/condition.h"

#include <vector>

#include "absl/strings/str_split.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<std::string> lines =
      absl::StrSplit(cram::TextOf(data, size), absl::MaxSplits('\n', 2));
  lines.resize(3);
  absl::StatusOr<cram::Condition> condition =
      cram::Condition::Parse(lines[0], {"a", "b"});
  if (!condition.ok()) return 0;
  absl::StatusOr<bool> holds = condition->Holds({lines[1], lines[2]});
  absl::StatusOr<bool> again = condition->Holds({lines[1], lines[2]});
  REQUIRE(holds.ok() == again.ok());
  REQUIRE(!holds.ok() || *holds == *again);
  return 0;
}
