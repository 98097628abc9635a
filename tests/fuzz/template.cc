// CheckValue foretells what Expand will refuse. Input: a text with the
// placeholders {a}, {b} and {index}, and the values of a and b, separated by
// NUL.
#include "pack/manifest/template.h"

#include "absl/strings/str_split.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<absl::string_view> parts = absl::StrSplit(
      cram::TextOf(data, size), absl::MaxSplits(absl::ByChar('\0'), 2));
  parts.resize(3);
  absl::StatusOr<cram::Template> text = cram::Template::Parse(parts[0]);
  if (!text.ok() || !text->Bind({"a", "b"}).ok()) return 0;
  bool good =
      text->CheckValue(0, parts[1]).ok() && text->CheckValue(1, parts[2]).ok();
  REQUIRE(good || text->checks_values());
  std::string out;
  absl::Status status = text->Expand(INT64_MAX, {parts[1], parts[2]}, &out);
  REQUIRE(status.ok() == good);
  return 0;
}
