// The template that `cram pack` makes of its options.
#pragma once

#include "absl/status/statusor.h"
#include "pack/manifest/manifest.pb.h"
#include "sbin/cram/pack_command.h"

namespace cram {

// Errors name the option: "--mem: ...".
absl::StatusOr<SubJobTemplate> MakeTemplate(const PackRequest& request);

}  // namespace cram
