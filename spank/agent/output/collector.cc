#include "spank/agent/output/collector.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "pack/base/io.h"

namespace cram {
namespace {

constexpr size_t kChunkBytes = 64 << 10;

}  // namespace

absl::StatusOr<std::unique_ptr<Collector>> Collector::Create(
    OutputWriter* writer) {
  std::unique_ptr<Collector> collector(new Collector(writer));
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
  for (Stream& stream : streams_) {
    stream.held.clear();
    stream.bytes = 0;
    // The open file is shared with the last sub-job, which may have made it
    // non-blocking: the next one's writes would fail.
    fcntl(stream.write.get(), F_SETFL, 0);
  }
}

void Collector::Drain(OutputStream which) {
  Stream& stream = Of(which);
  char buffer[kChunkBytes];
  for (;;) {
    ssize_t n = read(stream.read.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    stream.held.append(buffer, n);
    stream.bytes += n;
    if (stream.held.size() >= kChunkBytes) {
      HandOn(which);
      // A fast writer must not keep the loop here for ever.
      return;
    }
  }
}

void Collector::HandOn(OutputStream which) {
  Stream& stream = Of(which);
  if (stream.held.empty()) return;
  uint64_t offset = writer_->Append({index_, attempt_, which}, stream.held);
  if (!has_offset_) offset_ = offset;
  has_offset_ = true;
  stream.held.clear();
}

void Collector::HandOn() {
  HandOn(OutputStream::kStdout);
  HandOn(OutputStream::kStderr);
}

Collector::Totals Collector::End() {
  // A pipe holds 64 KiB, or a few times that when the sub-job enlarged it.
  for (OutputStream which : {OutputStream::kStdout, OutputStream::kStderr}) {
    uint64_t before;
    do {
      before = Of(which).bytes;
      Drain(which);
    } while (Of(which).bytes != before);
  }
  HandOn();
  return {offset_, Of(OutputStream::kStdout).bytes,
          Of(OutputStream::kStderr).bytes};
}

}  // namespace cram
