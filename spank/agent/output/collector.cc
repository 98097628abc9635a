#include "spank/agent/output/collector.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "pack/base/io.h"
#include "spank/agent/output/memory_message.h"

namespace cram {
namespace {

constexpr size_t kChunkBytes = 64 << 10;

// The last bytes of a stream that comes piece by piece.
void KeepLast(absl::string_view bytes, std::string* last) {
  bytes.remove_prefix(bytes.size() -
                      std::min(bytes.size(), kMemoryMessageBytes));
  if (last->size() + bytes.size() > 2 * kMemoryMessageBytes) {
    last->erase(0, last->size() + bytes.size() - kMemoryMessageBytes);
  }
  last->append(bytes.data(), bytes.size());
}

}  // namespace

Collector::Collector(OutputWriter* writer, uint64_t limit)
    : writer_(writer),
      streams_{Stream{{}, {}, "", 0, Kept(limit)},
               Stream{{}, {}, "", 0, Kept(limit)}} {}

absl::StatusOr<std::unique_ptr<Collector>> Collector::Create(
    OutputWriter* writer, uint64_t limit) {
  std::unique_ptr<Collector> collector(new Collector(writer, limit));
  for (Stream& stream : collector->streams_) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return ErrnoStatus("pipe2", "", errno);
    stream.read.reset(ends[0]);
    stream.write.reset(ends[1]);
    // The writing end stays blocking: it becomes the sub-job's.
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
  }
  return collector;
}

void Collector::Begin(uint64_t index, uint32_t attempt) {
  index_ = index;
  attempt_ = attempt;
  has_offset_ = false;
  offset_ = 0;
  last_errors_.clear();
  for (Stream& stream : streams_) {
    stream.held.clear();
    stream.packed = 0;
    stream.kept.Begin();
    // The open file is shared with the last sub-job, which may have made it
    // non-blocking: the next one's writes would fail.
    fcntl(stream.write.get(), F_SETFL, 0);
  }
}

void Collector::Drain(OutputStream which) {
  Stream& stream = Of(which);
  char buffer[kChunkBytes];
  // A fast writer must not keep the loop here for ever.
  for (size_t taken = 0; taken < kChunkBytes;) {
    ssize_t n = read(stream.read.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    taken += n;
    Take(which, absl::string_view(buffer, n));
    if (stream.held.size() >= kChunkBytes) HandOn(which);
  }
}

void Collector::Take(OutputStream which, absl::string_view bytes) {
  Stream& stream = Of(which);
  if (which == OutputStream::kStderr) KeepLast(bytes, &last_errors_);
  stream.held.append(bytes.data(), stream.kept.Take(bytes));
}

void Collector::HandOn(OutputStream which) {
  Stream& stream = Of(which);
  if (stream.held.empty()) return;
  Append(which, stream.held, 0);
  stream.held.clear();
}

void Collector::Append(OutputStream which, absl::string_view bytes,
                       uint64_t left_out) {
  uint64_t offset = writer_->Append({index_, attempt_, which}, bytes, left_out);
  if (!has_offset_) offset_ = offset;
  has_offset_ = true;
  Of(which).packed += bytes.size();
}

void Collector::HandOn() {
  HandOn(OutputStream::kStdout);
  HandOn(OutputStream::kStderr);
}

bool Collector::over_limit() const {
  return std::any_of(
      streams_.begin(), streams_.end(),
      [](const Stream& stream) { return stream.kept.over_limit(); });
}

// A pipe holds 64 KiB, or a few times that when the sub-job enlarged it.
void Collector::TakeRest(OutputStream which) {
  Stream& stream = Of(which);
  uint64_t before;
  do {
    before = stream.kept.bytes();
    Drain(which);
  } while (stream.kept.bytes() != before);
  HandOn(which);
  absl::string_view tail = stream.kept.Tail();
  if (!tail.empty()) Append(which, tail, stream.kept.left_out());
}

Collector::Totals Collector::End() {
  TakeRest(OutputStream::kStdout);
  TakeRest(OutputStream::kStderr);
  const Stream& out = Of(OutputStream::kStdout);
  const Stream& err = Of(OutputStream::kStderr);
  return {offset_, out.packed, err.packed, out.kept.left_out(),
          err.kept.left_out()};
}

absl::string_view Collector::memory_message() const {
  return FindMemoryMessage(last_errors_);
}

}  // namespace cram
