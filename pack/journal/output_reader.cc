#include "pack/journal/output_reader.h"

#include <algorithm>

#include "pack/journal/frame_reader.h"

namespace cram {

absl::StatusOr<uint64_t> ReadOutput(
    const std::string& path, const OutputSource& source,
    const std::optional<OutputExtent>& extent,
    const std::function<void(const OutputPiece&)>& deliver) {
  uint64_t offset = kFileHeaderBytes;
  if (extent) offset = std::max(offset, extent->offset);
  absl::StatusOr<std::unique_ptr<FrameReader>> reader =
      FrameReader::Open(path, kOutputFile, offset);
  if (!reader.ok()) return reader.status();
  FrameReader& frames = **reader;
  uint64_t wanted = extent ? extent->bytes : UINT64_MAX;
  uint64_t delivered = 0;
  OutputChunk chunk;
  while (delivered < wanted) {
    std::optional<absl::string_view> payload = frames.Next();
    if (!payload || !chunk.ParseFromArray(payload->data(),
                                          static_cast<int>(payload->size()))) {
      break;
    }
    if (chunk.index() != source.index || chunk.attempt() != source.attempt ||
        chunk.stream() != static_cast<uint32_t>(source.stream)) {
      continue;
    }
    OutputPiece piece;
    piece.bytes = chunk.data();
    piece.left_out = chunk.left_out();
    if (chunk.has_rank()) piece.rank = chunk.rank();
    deliver(piece);
    delivered += chunk.data().size();
  }
  if (!frames.status().ok()) return frames.status();
  return delivered;
}

}  // namespace cram
