#include "pack/manifest/time_limits.h"

#include <algorithm>

#include "pack/manifest/templates_used.h"

namespace cram {

absl::StatusOr<std::vector<uint32_t>> TimeLimits(
    const ManifestReader& manifest) {
  std::vector<uint32_t> limits;
  uint32_t first = 0;
  bool differ = false;
  absl::Status status = ForEachTemplateUsed(
      manifest, [&](const SubJobTemplate& source, const SubJobTemplate& own,
                    IndexRange range) {
        uint64_t ms = own.time_limit_ms() > 0 ? own.time_limit_ms()
                                              : source.time_limit_ms();
        uint32_t limit =
            ms == 0 ? UINT32_MAX
                    : static_cast<uint32_t>(std::min<uint64_t>(ms, UINT32_MAX));
        if (range.begin == 0) first = limit;
        if (limit != first && !differ) {
          differ = true;
          limits.reserve(manifest.size());
          limits.resize(range.begin, first);
        }
        if (differ) limits.resize(range.end, limit);
      });
  if (!status.ok()) return status;
  return limits;
}

}  // namespace cram
