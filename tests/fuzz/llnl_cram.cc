// What is read of a file never holds more than the file.
#include "pack/manifest/llnl_cram_file.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cram::MemoryFile file(cram::TextOf(data, size));
  absl::StatusOr<cram::LlnlCramReader> reader =
      cram::LlnlCramReader::Open(file.path());
  if (!reader.ok()) return 0;
  size_t bytes = 0;
  cram::LlnlCramJob job;
  while (reader->Next(&job).value_or(false)) {
    REQUIRE(job.processes > 0);
    bytes += job.directory.size();
    for (const std::string& word : job.arguments) bytes += word.size() + 4;
    for (const std::string& name : job.removed) bytes += name.size() + 4;
    for (const auto& [name, value] : job.changed) {
      bytes += name.size() + value.size() + 8;
    }
    REQUIRE(bytes <= size);
  }
  return 0;
}
