#include "pack/journal/output_writer.h"

namespace cram {
namespace {

// What a reader must hold at once; a frame may have no more than 16 MiB.
constexpr size_t kMaxChunkBytes = 1 << 20;

}  // namespace

absl::StatusOr<std::unique_ptr<OutputWriter>> OutputWriter::Create(
    const std::string& path) {
  absl::StatusOr<std::unique_ptr<FrameWriter>> frames =
      FrameWriter::Create(path, kOutputFile);
  if (!frames.ok()) return frames.status();
  return std::unique_ptr<OutputWriter>(new OutputWriter(*std::move(frames)));
}

uint64_t OutputWriter::Append(const OutputSource& source,
                              absl::string_view data, uint64_t left_out) {
  chunk_.set_index(source.index);
  chunk_.set_attempt(source.attempt);
  chunk_.set_stream(static_cast<uint32_t>(source.stream));
  chunk_.set_left_out(left_out);
  chunk_.clear_rank();
  if (source.rank) chunk_.set_rank(*source.rank);
  uint64_t first = AppendChunk(data.substr(0, kMaxChunkBytes));
  chunk_.clear_left_out();
  for (size_t done = kMaxChunkBytes; done < data.size();
       done += kMaxChunkBytes) {
    AppendChunk(data.substr(done, kMaxChunkBytes));
  }
  return first;
}

uint64_t OutputWriter::AppendChunk(absl::string_view data) {
  chunk_.mutable_data()->assign(data.data(), data.size());
  chunk_.SerializeToString(&payload_);
  return frames_->Append(payload_);
}

}  // namespace cram
