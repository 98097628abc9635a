// What sub-jobs ask for, by ranges of them and without making each.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "pack/base/index_set.h"
#include "pack/manifest/manifest.pb.h"
#include "pack/manifest/reader.h"

namespace cram {

// Calls `visit` for ranges that have a template in common and, of their own,
// nothing or `own`; in ascending order, all sub-jobs. Blocks whose sub-jobs
// have something of their own are unpacked, and visited one sub-job at a time.
absl::Status ForEachTemplateUsed(
    const ManifestReader& manifest,
    const std::function<void(const SubJobTemplate& source,
                             const SubJobTemplate& own, IndexRange range)>&
        visit);

}  // namespace cram
