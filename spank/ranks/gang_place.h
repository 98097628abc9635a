// Where the ranks of this node stand in a world of several nodes.
#pragma once

#include <stdint.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace cram {

// A world of one node has one part and no hub.
struct GangPlace {
  struct Part {
    std::string node;  // its name
    uint32_t ranks = 1;
  };
  std::vector<Part> parts;
  uint32_t part = 0;  // ours
  // How the parts find part 0, and know each other.
  std::string secret;
  std::vector<std::string> addresses;  // of the hub; numeric
  uint16_t port = 0;

  bool is_hub() const { return part == 0; }
  uint32_t ranks() const;  // of the world
  uint32_t ranks_here() const { return parts[part].ranks; }
  uint32_t first_rank() const { return FirstRankOf(part); }
  uint32_t FirstRankOf(uint32_t of) const;
  uint32_t PartOf(uint32_t rank) const;  // of any rank below ranks()

  static GangPlace OneNode(uint32_t ranks);

  // A line, in which a sub-job of a gang is told this.
  std::string ToText() const;
  static std::optional<GangPlace> Parse(absl::string_view text);
};

// The variable with that line, for cram-ranks alone.
inline constexpr absl::string_view kGangVariable = "CRAM_GANG";

}  // namespace cram
