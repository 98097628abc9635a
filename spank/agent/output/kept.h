// The part of a stream that is kept of it: all, or its start and its end.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <string>

#include "absl/strings/string_view.h"

namespace cram {

// The most of a stream's end that is kept when it is longer than its limit.
// What the agent must hold in memory for each such stream is twice that.
inline constexpr size_t kKeptTailBytes = 64 << 10;

// Divides a stream that comes piece by piece: its first bytes are to be handed
// on, its last ones are held until the end, and what is between them is
// forgotten. Nothing is forgotten of a stream that is not longer than the
// limit.
class Kept {
 public:
  // `limit` bytes are kept at most; 0: all.
  explicit Kept(uint64_t limit);

  void Begin();  // of another stream
  // Returns how much of `bytes` belongs to the start.
  size_t Take(absl::string_view bytes);

  uint64_t bytes() const { return bytes_; }  // that came
  bool over_limit() const { return bytes_ > limit_; }
  // At the end: the last bytes, those of the start not among them, and how
  // many are missing before them.
  absl::string_view Tail();
  uint64_t left_out() const { return left_out_; }

 private:
  void ForgetAllBut(size_t bytes);

  uint64_t limit_;
  size_t tail_limit_;
  uint64_t bytes_ = 0;
  uint64_t left_out_ = 0;
  std::string tail_;
};

}  // namespace cram
