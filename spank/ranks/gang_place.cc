#include "spank/ranks/gang_place.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace cram {

uint32_t GangPlace::ranks() const {
  return FirstRankOf(static_cast<uint32_t>(parts.size()));
}

uint32_t GangPlace::FirstRankOf(uint32_t of) const {
  uint32_t first = 0;
  for (uint32_t i = 0; i < of; ++i) first += parts[i].ranks;
  return first;
}

uint32_t GangPlace::PartOf(uint32_t rank) const {
  uint32_t of = 0;
  for (uint32_t end = parts[0].ranks; rank >= end; end += parts[of].ranks) ++of;
  return of;
}

GangPlace GangPlace::OneNode(uint32_t ranks) {
  GangPlace place;
  place.parts.push_back({"", ranks});
  return place;
}

std::string GangPlace::ToText() const {
  return absl::StrCat(
      part, " ", secret, " ", port, " ", absl::StrJoin(addresses, ","), " ",
      absl::StrJoin(parts, ",", [](std::string* out, const Part& one) {
        absl::StrAppend(out, one.ranks, "@", one.node);
      }));
}

std::optional<GangPlace> GangPlace::Parse(absl::string_view text) {
  std::vector<absl::string_view> words = absl::StrSplit(text, ' ');
  GangPlace place;
  uint32_t port = 0;
  if (words.size() != 5 || !absl::SimpleAtoi(words[0], &place.part) ||
      !absl::SimpleAtoi(words[2], &port) || port > 65535) {
    return std::nullopt;
  }
  place.secret = std::string(words[1]);
  place.port = static_cast<uint16_t>(port);
  place.addresses = absl::StrSplit(words[3], ',', absl::SkipEmpty());
  uint64_t ranks = 0;
  for (absl::string_view word : absl::StrSplit(words[4], ',')) {
    std::pair<absl::string_view, absl::string_view> one =
        absl::StrSplit(word, absl::MaxSplits('@', 1));
    Part part;
    if (!absl::SimpleAtoi(one.first, &part.ranks) || part.ranks == 0) {
      return std::nullopt;
    }
    ranks += part.ranks;
    part.node = std::string(one.second);
    place.parts.push_back(part);
  }
  if (place.part >= place.parts.size() || ranks > UINT32_MAX ||
      place.secret.empty()) {
    return std::nullopt;
  }
  return place;
}

}  // namespace cram
