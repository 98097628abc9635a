// What of a manifest another one may take over.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pack/manifest/index.h"
#include "pack/manifest/mapped_file.h"

namespace cram {

// Its templates and blocks: what is between the header and the index, of a file
// whose index is `index`. Errors: damage, anywhere in it; a version that we
// cannot write.
absl::StatusOr<absl::string_view> ContentToCopy(const MappedFile& file,
                                                const ManifestIndex& index);

}  // namespace cram
