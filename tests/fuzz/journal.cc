// Any journal, as it is and with its checksums put right.
#include "pack/journal/reader.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/sealed_frames.h"
#include "tests/fuzz/target.h"

namespace {

void Read(absl::string_view bytes) {
  cram::MemoryFile file(bytes);
  size_t payload = 0;
  absl::StatusOr<cram::JournalEnd> end =
      cram::ReadJournal(file.path(), [&](const cram::JournalRecord& record) {
        payload += record.ByteSizeLong();
      });
  if (!end.ok()) return;
  REQUIRE(end->position <= bytes.size() ||
          bytes.size() < cram::kFileHeaderBytes);
  REQUIRE(end->torn || !end->damaged);
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  absl::string_view bytes = cram::TextOf(data, size);
  Read(bytes);
  Read(cram::SealFrames(bytes, cram::kJournalFile));
  return 0;
}
