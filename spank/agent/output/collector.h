// Reads what a slot's sub-jobs print and packs it.
#pragma once

#include <stdint.h>

#include <array>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "pack/base/fd.h"
#include "pack/journal/output_writer.h"
#include "spank/agent/output/kept.h"

namespace cram {

// Two pipes for the life of a slot. An attempt is over when its processes are
// gone, not when the pipe is closed: the agent keeps a writing end itself, so
// that no leftover process can hold an attempt open, and what is in the pipe
// then is all there is.
class Collector {
 public:
  // What an attempt printed: what was packed of it, and what was left out
  // between the start and the end of a stream that is longer than the limit.
  struct Totals {
    uint64_t output_offset = 0;
    uint64_t stdout_bytes = 0;
    uint64_t stderr_bytes = 0;
    uint64_t stdout_left_out = 0;
    uint64_t stderr_left_out = 0;
  };

  // `writer` outlives it. `limit`: see Kept.
  static absl::StatusOr<std::unique_ptr<Collector>> Create(OutputWriter* writer,
                                                           uint64_t limit);

  int read_fd(OutputStream stream) const { return Of(stream).read.get(); }
  int write_fd(OutputStream stream) const { return Of(stream).write.get(); }

  void Begin(uint64_t index, uint32_t attempt);
  // Takes what is in the pipe now, without waiting. Hands it on in large
  // chunks.
  void Drain(OutputStream stream);
  // Hands on what is held back, for readers of a running sub-job.
  void HandOn();
  // Whether a stream of the attempt is longer than the limit.
  bool over_limit() const;
  // After the attempt's last process.
  Totals End();
  // What a runtime without memory said at its end; empty: nothing.
  absl::string_view memory_message() const;

 private:
  struct Stream {
    UniqueFd read, write;
    std::string held;  // to be handed on
    uint64_t packed = 0;
    Kept kept;
  };

  Collector(OutputWriter* writer, uint64_t limit);
  Stream& Of(OutputStream stream) {
    return streams_[static_cast<size_t>(stream) - 1];
  }
  const Stream& Of(OutputStream stream) const {
    return streams_[static_cast<size_t>(stream) - 1];
  }
  void Take(OutputStream stream, absl::string_view bytes);
  void HandOn(OutputStream stream);
  void Append(OutputStream stream, absl::string_view bytes, uint64_t left_out);
  void TakeRest(OutputStream stream);

  OutputWriter* writer_;
  std::array<Stream, 2> streams_;
  uint64_t index_ = 0;
  uint32_t attempt_ = 0;
  bool has_offset_ = false;
  uint64_t offset_ = 0;
  std::string last_errors_;  // the end of standard error
};

}  // namespace cram
