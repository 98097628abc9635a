// Every row of a table is as long as its header.
#include "pack/manifest/csv.h"

#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cram::MemoryFile file(cram::TextOf(data, size));
  absl::StatusOr<cram::CsvReader> csv = cram::CsvReader::Open(file.path());
  if (!csv.ok()) return 0;
  REQUIRE(!csv->columns().empty());
  std::vector<std::string> fields;
  while (csv->Next(&fields).value_or(false)) {
    REQUIRE(fields.size() == csv->columns().size());
  }
  return 0;
}
