// Every row has a value for each column, and no value has a NUL.
#include "pack/manifest/jsonl.h"

#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cram::MemoryFile file(cram::TextOf(data, size));
  absl::StatusOr<cram::JsonlReader> reader =
      cram::JsonlReader::Open(file.path());
  if (!reader.ok()) return 0;
  cram::JsonlRow row;
  for (;;) {
    absl::StatusOr<bool> more = reader->Next(&row);
    if (!more.value_or(false)) return 0;
    REQUIRE(row.values.size() == reader->columns().size());
    REQUIRE(row.command.empty() != reader->has_commands());
    for (const std::string& value : row.values) {
      REQUIRE(value.find('\0') == std::string::npos);
    }
  }
}
