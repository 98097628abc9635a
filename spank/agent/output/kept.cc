#include "spank/agent/output/kept.h"

#include <algorithm>

namespace cram {

Kept::Kept(uint64_t limit)
    : limit_(limit != 0 ? limit : UINT64_MAX),
      tail_limit_(std::min<uint64_t>(kKeptTailBytes, limit_ / 2)) {}

void Kept::Begin() {
  bytes_ = left_out_ = 0;
  tail_ = std::string();  // gives the memory back
}

size_t Kept::Take(absl::string_view bytes) {
  uint64_t head_limit = limit_ - tail_limit_;
  uint64_t room = head_limit - std::min(head_limit, bytes_);
  size_t head = std::min<uint64_t>(room, bytes.size());
  bytes_ += bytes.size();
  tail_.append(bytes.data() + head, bytes.size() - head);
  // Not at every piece: that would move the rest each time.
  if (tail_.size() > 2 * tail_limit_) ForgetAllBut(tail_limit_);
  return head;
}

absl::string_view Kept::Tail() {
  ForgetAllBut(tail_limit_);
  return tail_;
}

void Kept::ForgetAllBut(size_t bytes) {
  if (tail_.size() <= bytes) return;
  left_out_ += tail_.size() - bytes;
  tail_.erase(0, tail_.size() - bytes);
}

}  // namespace cram
