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

absl::StatusOr<std::unique_ptr<Collector>> Collector::Create(
    OutputWriter* writer, uint64_t limit) {
  std::unique_ptr<Collector> collector(new Collector(writer, limit));
  for (OutputStream stream : {OutputStream::kStdout, OutputStream::kStderr}) {
    absl::Status status = collector->AddPipe(stream, std::nullopt);
    if (!status.ok()) return status;
  }
  return collector;
}

absl::Status Collector::AddPipe(OutputStream stream,
                                std::optional<uint32_t> rank) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return ErrnoStatus("pipe2", "", errno);
  pipes_.push_back(
      {UniqueFd(ends[0]), UniqueFd(ends[1]), stream, rank, "", Kept(limit_)});
  // The writing end stays blocking: it becomes the sub-job's.
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return absl::OkStatus();
}

void Collector::Begin(uint64_t index, uint32_t attempt) {
  index_ = index;
  attempt_ = attempt;
  has_offset_ = false;
  offset_ = 0;
  last_errors_.clear();
  streams_ = {Stream{0, 0, 0}, Stream{0, 0, 1}};
  pipes_.erase(pipes_.begin() + 2, pipes_.end());
  for (Pipe& pipe : pipes_) {
    pipe.held.clear();
    pipe.kept.Begin();
    // The open file is shared with the last sub-job, which may have made it
    // non-blocking: the next one's writes would fail.
    fcntl(pipe.write.get(), F_SETFL, 0);
  }
}

absl::StatusOr<size_t> Collector::AddRanks(OutputStream stream,
                                           uint32_t first_rank,
                                           uint32_t ranks) {
  size_t first = pipes_.size();
  for (uint32_t i = 0; i < ranks; ++i) {
    absl::Status status = AddPipe(stream, first_rank + i);
    if (!status.ok()) return status;
  }
  return first;
}

void Collector::Drain(size_t pipe) {
  char buffer[kChunkBytes];
  // A fast writer must not keep the loop here for ever.
  for (size_t taken = 0; taken < kChunkBytes;) {
    ssize_t n = read(read_fd(pipe), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    taken += n;
    Take(pipe, absl::string_view(buffer, n));
    if (pipes_[pipe].held.size() >= kChunkBytes) HandOn(&pipes_[pipe]);
  }
}

void Collector::Take(size_t number, absl::string_view bytes) {
  Pipe& pipe = pipes_[number];
  Stream& stream = StreamOf(pipe);
  // What ranks print stays in its order.
  if (stream.last_pipe != number) HandOn(&pipes_[stream.last_pipe]);
  stream.last_pipe = number;
  if (pipe.stream == OutputStream::kStderr) KeepLast(bytes, &last_errors_);
  pipe.held.append(bytes.data(), pipe.kept.Take(bytes));
}

void Collector::HandOn(Pipe* pipe) {
  if (pipe->held.empty()) return;
  Append(*pipe, pipe->held, 0);
  pipe->held.clear();
}

void Collector::Append(const Pipe& pipe, absl::string_view bytes,
                       uint64_t left_out) {
  uint64_t offset = writer_->Append({index_, attempt_, pipe.stream, pipe.rank},
                                    bytes, left_out);
  if (!has_offset_) offset_ = offset;
  has_offset_ = true;
  StreamOf(pipe).packed += bytes.size();
}

void Collector::HandOn() {
  for (Pipe& pipe : pipes_) HandOn(&pipe);
}

bool Collector::over_limit() const {
  return std::any_of(pipes_.begin(), pipes_.end(),
                     [](const Pipe& pipe) { return pipe.kept.over_limit(); });
}

// A pipe holds 64 KiB, or a few times that when the sub-job enlarged it.
void Collector::TakeRest(size_t number) {
  Pipe& pipe = pipes_[number];
  uint64_t before;
  do {
    before = pipe.kept.bytes();
    Drain(number);
  } while (pipe.kept.bytes() != before);
  HandOn(&pipe);
  absl::string_view tail = pipe.kept.Tail();
  if (!tail.empty()) Append(pipe, tail, pipe.kept.left_out());
  StreamOf(pipe).left_out += pipe.kept.left_out();
}

Collector::Totals Collector::End() {
  // What is said of ranks comes behind what they said.
  for (size_t pipe = 2; pipe < pipes_.size(); ++pipe) TakeRest(pipe);
  for (size_t pipe = 0; pipe < 2; ++pipe) TakeRest(pipe);
  const Stream& out = streams_[PipeOf(OutputStream::kStdout)];
  const Stream& err = streams_[PipeOf(OutputStream::kStderr)];
  return {offset_, out.packed, err.packed, out.left_out, err.left_out};
}

absl::string_view Collector::memory_message() const {
  return FindMemoryMessage(last_errors_);
}

}  // namespace cram
