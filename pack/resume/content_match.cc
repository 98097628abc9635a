#include "pack/resume/content_match.h"

#include <algorithm>
#include <utility>

#include "pack/manifest/content_hash.h"

namespace cram {
namespace {

using Place = std::pair<uint64_t, uint64_t>;  // hash, index

// In ascending order.
absl::StatusOr<std::vector<Place>> Hashes(ManifestReader* manifest,
                                          const IndexSet& wanted) {
  std::vector<Place> places;
  places.reserve(wanted.size());
  for (const auto& [begin, end] : wanted.ranges()) {
    for (uint64_t index = begin; index < end; ++index) {
      absl::StatusOr<SubJob> subjob = manifest->Get(index);
      if (!subjob.ok()) return subjob.status();
      places.emplace_back(ContentHash(*subjob), index);
    }
  }
  std::sort(places.begin(), places.end());
  return places;
}

}  // namespace

bool IsTheSame(const ManifestReader& from, const ManifestReader& to,
               bool same_command) {
  return same_command && from.size() == to.size() &&
         from.fingerprint() == to.fingerprint();
}

absl::StatusOr<std::vector<uint64_t>> MatchContent(ManifestReader* from,
                                                   const IndexSet& wanted,
                                                   ManifestReader* to,
                                                   bool same_command) {
  std::vector<uint64_t> match;
  if (wanted.empty()) return match;
  match.resize(wanted.ranges().rbegin()->second, kNowhere);
  if (IsTheSame(*from, *to, same_command)) {
    for (const auto& [begin, end] : wanted.ranges()) {
      for (uint64_t index = begin; index < end; ++index) match[index] = index;
    }
    return match;
  }
  absl::StatusOr<std::vector<Place>> theirs = Hashes(from, wanted);
  if (!theirs.ok()) return theirs.status();
  absl::StatusOr<std::vector<Place>> ours =
      Hashes(to, IndexSet(IndexRange{0, to->size()}));
  if (!ours.ok()) return ours.status();
  // Equal ones stand together, in the order of their indexes, on both sides.
  auto our = ours->begin();
  for (const Place& their : *theirs) {
    while (our != ours->end() && our->first < their.first) ++our;
    if (our == ours->end()) break;
    if (our->first != their.first) continue;
    match[their.second] = our->second;
    ++our;
  }
  return match;
}

}  // namespace cram
