// Any packed output, as it is and with its checksums put right. Input: offset
// and length of the extent, a byte each, then the file.
#include "pack/journal/output_reader.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/sealed_frames.h"
#include "tests/fuzz/target.h"

namespace {

void Read(absl::string_view bytes,
          const std::optional<cram::OutputExtent>& extent) {
  cram::MemoryFile file(bytes);
  uint64_t delivered = 0;
  absl::StatusOr<uint64_t> said = cram::ReadOutput(
      file.path(), {}, extent,
      [&](const cram::OutputPiece& piece) { delivered += piece.bytes.size(); });
  REQUIRE(delivered <= bytes.size());
  REQUIRE(!said.ok() || *said == delivered);
  REQUIRE(!extent || delivered <= extent->bytes);
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  cram::OutputExtent extent{data[0], data[1]};
  absl::string_view bytes = cram::TextOf(data + 2, size - 2);
  std::string sealed = cram::SealFrames(bytes, cram::kOutputFile);
  Read(bytes, std::nullopt);
  Read(bytes, extent);
  Read(sealed, std::nullopt);
  Read(sealed, extent);
  return 0;
}
