// What a sub-job may use, from the words of people: the same ones in options,
// in rows and in batch scripts.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "pack/manifest/manifest.pb.h"

namespace cram {

// A whole number of at least 1. Errors of these do not say of what.
absl::Status SetRanks(absl::string_view text, SubJobTemplate* result);
absl::Status SetCpus(absl::string_view text, SubJobTemplate* result);
// As ParseCap, ParseMemMode and ParseDuration (pack/base) take it.
absl::Status SetMemory(absl::string_view text, SubJobTemplate* result);
absl::Status SetMemoryMode(absl::string_view text, SubJobTemplate* result);
absl::Status SetTimeLimit(absl::string_view text, SubJobTemplate* result);
// As RetryCodes::Parse takes it.
absl::Status SetRetryCodes(absl::string_view text, SubJobTemplate* result);
// "auto", "node", "pmix", "pmi1" or "none".
absl::Status SetMpi(absl::string_view text, SubJobTemplate* result);

}  // namespace cram
