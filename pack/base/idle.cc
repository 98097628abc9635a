#include "pack/base/idle.h"

#include <array>

namespace cram {

absl::string_view IdleWords(Idle idle) {
  static constexpr std::array<absl::string_view, kIdles> kWords = {
      "",
      "no work left",
      "memory: the next cap does not fit",
      "CPUs: too few are free for the next",
      "records cannot be written",
      "stopping",
      "benched",
      "too little time left",
  };
  return kWords[static_cast<size_t>(idle)];
}

}  // namespace cram
