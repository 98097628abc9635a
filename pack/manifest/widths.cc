#include "pack/manifest/widths.h"

#include <algorithm>

#include "pack/manifest/templates_used.h"

namespace cram {

absl::StatusOr<std::map<uint64_t, IndexSet>> SeveralRanks(
    const ManifestReader& manifest) {
  std::map<uint64_t, IndexSet> widths;
  absl::Status status = ForEachTemplateUsed(
      manifest, [&widths](const SubJobTemplate& source,
                          const SubJobTemplate& own, IndexRange range) {
        uint64_t ranks = own.ranks() > 0 ? own.ranks() : source.ranks();
        uint64_t cpus = own.cpus() > 0 ? own.cpus() : source.cpus();
        if (ranks <= 1) return;
        widths[ranks * std::max<uint64_t>(cpus, 1)].Add(range);
      });
  if (!status.ok()) return status;
  return widths;
}

}  // namespace cram
