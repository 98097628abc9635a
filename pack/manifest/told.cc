#include "pack/manifest/told.h"

#include <set>

namespace cram {

std::vector<ToldKnob> TellSubJob(const SubJob& subjob, uint64_t cap_bytes,
                                 uint32_t cpus, KnobSet selection,
                                 UserVariable inherited) {
  auto last_change = [&subjob](absl::string_view name) {
    const SubJob::EnvChange* last = nullptr;
    for (const SubJob::EnvChange& change : subjob.env) {
      if (change.name == name) last = &change;
    }
    return last;
  };
  std::set<absl::string_view> removed;  // each looked for once
  for (const SubJob::EnvChange& change : subjob.env) {
    KnobSet knobs = change.value ? KnobSet() : KnobsOf(change.name);
    if (knobs.any() && removed.insert(change.name).second &&
        !last_change(change.name)->value) {
      selection &= ~knobs;
    }
  }
  return TellRuntimes(
      cap_bytes, cpus, selection,
      [&](absl::string_view name) -> std::optional<absl::string_view> {
        const SubJob::EnvChange* change = last_change(name);
        if (change == nullptr) return inherited(name);
        if (!change->value) return std::nullopt;
        return absl::string_view(*change->value);
      });
}

}  // namespace cram
