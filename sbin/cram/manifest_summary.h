// What a manifest is made of, without its sub-jobs.
#pragma once

#include <stdint.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pack/manifest/reader.h"

namespace cram {

// What the sub-jobs of a template differ in: consecutive blocks of one kind.
struct Variation {
  uint64_t subjobs = 0;
  bool commands = false;                // each has its own
  bool own = false;                     // and other properties of its own
  std::vector<std::string> parameters;  // "seed = 0..999 (1000 values)"
  std::optional<Sample> sample;         // of those with a distribution
};

struct TemplateSummary {
  SubJobTemplate source;
  uint64_t subjobs = 0;
  std::vector<Variation> variations;
};

struct ManifestSummary {
  std::string path;
  uint64_t bytes = 0;
  uint64_t subjobs = 0;
  uint32_t fingerprint = 0;
  std::vector<TemplateSummary> templates;
};

// Reads rows as far as it takes to count what varies in them. Error: the
// manifest is damaged.
absl::StatusOr<ManifestSummary> Summarize(const std::string& path,
                                          const ManifestReader& reader);

std::string SummaryText(const ManifestSummary& summary);
nlohmann::ordered_json SummaryJson(const ManifestSummary& summary);

}  // namespace cram
