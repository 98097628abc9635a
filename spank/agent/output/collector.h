// Reads what a slot's sub-jobs print and packs it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pack/base/fd.h"
#include "pack/journal/output_writer.h"
#include "spank/agent/output/kept.h"

namespace cram {

// Two pipes for the life of a slot, and for an attempt of several ranks two
// more for each of them. An attempt is over when its processes are gone, not
// when the pipe is closed: the agent keeps a writing end itself, so that no
// leftover process can hold an attempt open, and what is in the pipe then is
// all there is.
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

  // Pipes have numbers: these two, and those of ranks behind them.
  static size_t PipeOf(OutputStream stream) {
    return static_cast<size_t>(stream) - 1;
  }
  int read_fd(size_t pipe) const { return pipes_[pipe].read.get(); }
  int write_fd(size_t pipe) const { return pipes_[pipe].write.get(); }

  // Closes the pipes of earlier ranks.
  void Begin(uint64_t index, uint32_t attempt);
  // After Begin(): pipes for the stream of so many ranks, in their order; the
  // number of the first of them.
  absl::StatusOr<size_t> AddRanks(OutputStream stream, uint32_t first_rank,
                                  uint32_t ranks);
  size_t pipes() const { return pipes_.size(); }

  // Takes what is in the pipe now, without waiting. Hands it on in large
  // chunks.
  void Drain(size_t pipe);
  // Hands on what is held back, for readers of a running sub-job.
  void HandOn();
  // Whether a stream of the attempt is longer than the limit.
  bool over_limit() const;
  // After the attempt's last process.
  Totals End();
  // What a runtime without memory said at its end; empty: nothing.
  absl::string_view memory_message() const;

 private:
  struct Pipe {
    UniqueFd read, write;
    OutputStream stream;
    std::optional<uint32_t> rank;  // none: of all
    std::string held;              // to be handed on
    Kept kept;
  };
  // What there is of each stream, of all pipes.
  struct Stream {
    uint64_t packed = 0, left_out = 0;
    size_t last_pipe = 0;  // that something came out of
  };

  Collector(OutputWriter* writer, uint64_t limit)
      : writer_(writer), limit_(limit) {}
  absl::Status AddPipe(OutputStream stream, std::optional<uint32_t> rank);
  Stream& StreamOf(const Pipe& pipe) { return streams_[PipeOf(pipe.stream)]; }
  void Take(size_t pipe, absl::string_view bytes);
  void HandOn(Pipe* pipe);
  void Append(const Pipe& pipe, absl::string_view bytes, uint64_t left_out);
  void TakeRest(size_t pipe);

  OutputWriter* writer_;
  uint64_t limit_;
  std::vector<Pipe> pipes_;
  std::array<Stream, 2> streams_;
  uint64_t index_ = 0;
  uint32_t attempt_ = 0;
  bool has_offset_ = false;
  uint64_t offset_ = 0;
  std::string last_errors_;  // the end of standard error
};

}  // namespace cram
