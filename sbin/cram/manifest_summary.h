// What a manifest is made of, without its sub-jobs.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "pack/manifest/reader.h"

namespace cram {

// Prints it template by template, and has no more than one of them in memory:
// in a small file there may be many. Error: the manifest is damaged.
absl::Status PrintSummary(const std::string& path, const ManifestReader& reader,
                          bool as_json);

}  // namespace cram
