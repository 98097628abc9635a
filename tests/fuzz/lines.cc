// Lines are counted and hold neither their end nor a NUL.
#include "pack/manifest/line_reader.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cram::MemoryFile file(cram::TextOf(data, size));
  absl::StatusOr<cram::LineReader> lines = cram::LineReader::Open(file.path());
  REQUIRE(lines.ok());
  std::string line;
  uint64_t count = 0;
  size_t bytes = 0;
  while (lines->Next(&line).value_or(false)) {
    REQUIRE(lines->line() == ++count);
    REQUIRE(line.find('\n') == std::string::npos);
    REQUIRE(line.find('\0') == std::string::npos);
    bytes += line.size();
  }
  REQUIRE(bytes <= size);
  return 0;
}
