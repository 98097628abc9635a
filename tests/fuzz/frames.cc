// Good frames are those that a writer would have written, and the reader of
// files sees what the parser of strings sees; as the bytes are and with their
// checksums put right.
#include "pack/journal/frame.h"
#include "pack/journal/frame_reader.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/sealed_frames.h"
#include "tests/fuzz/target.h"

namespace {

using cram::kFileHeaderBytes;

void Read(absl::string_view content) {
  if (!cram::CheckFileHeader(content, cram::kJournalFile).ok()) return;
  absl::string_view bytes = content.substr(kFileHeaderBytes);
  cram::FrameParser parser(bytes, kFileHeaderBytes);
  cram::MemoryFile file(content);
  auto reader = cram::FrameReader::Open(file.path(), cram::kJournalFile);
  REQUIRE(reader.ok());
  std::string written;
  while (std::optional<absl::string_view> payload = parser.Next()) {
    cram::AppendFrame(*payload, &written);
    REQUIRE((*reader)->Next() == payload);
  }
  REQUIRE(!(*reader)->Next() && (*reader)->status().ok());
  REQUIRE((*reader)->position() == parser.position());
  REQUIRE((*reader)->torn() == parser.torn());
  REQUIRE((*reader)->damaged() == parser.damaged());
  REQUIRE(parser.position() == kFileHeaderBytes + written.size());
  REQUIRE(bytes.substr(0, written.size()) == written);
  REQUIRE(bytes.substr(written.size()) == parser.rest());
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  absl::string_view bytes = cram::TextOf(data, size);
  Read(bytes);
  Read(cram::SealFrames(bytes, cram::kJournalFile));
  return 0;
}
