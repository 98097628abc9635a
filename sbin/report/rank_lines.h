// What several ranks printed, put together line by line. Pure.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace cram {

// Takes bytes as they were printed, some of one rank, then some of another, and
// delivers whole lines: none is torn by another's. Longer ones than kLongest
// come in parts.
class RankLines {
 public:
  static constexpr size_t kLongest = 64 << 10;
  using Deliver = std::function<void(absl::string_view)>;

  // `label`: "RANK: " before each line, as srun --label has it.
  RankLines(bool label, Deliver deliver)
      : label_(label), deliver_(std::move(deliver)) {}

  // Bytes of no rank are delivered as they are.
  void Take(std::optional<uint32_t> rank, absl::string_view bytes);
  // What has no end of line.
  void End();

 private:
  struct Line {
    std::string bytes;
    bool labelled = false;  // a part of it was delivered
  };

  void Give(uint32_t rank, Line* line);

  const bool label_;
  const Deliver deliver_;
  std::map<uint32_t, Line> lines_;  // that have begun
};

}  // namespace cram
