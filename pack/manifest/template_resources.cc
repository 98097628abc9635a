#include "pack/manifest/template_resources.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "pack/base/duration.h"
#include "pack/base/mem_mode.h"
#include "pack/base/mpi.h"
#include "pack/base/retry_codes.h"
#include "pack/base/size.h"

namespace cram {
namespace {

absl::StatusOr<uint32_t> ParseCount(absl::string_view text) {
  uint32_t count;
  if (text.empty() || text[0] == '-' || !absl::SimpleAtoi(text, &count) ||
      count == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "' is not a whole number of at least 1"));
  }
  return count;
}

}  // namespace

absl::Status SetRanks(absl::string_view text, SubJobTemplate* result) {
  absl::StatusOr<uint32_t> count = ParseCount(text);
  if (count.ok()) result->set_ranks(*count);
  return count.status();
}

absl::Status SetCpus(absl::string_view text, SubJobTemplate* result) {
  absl::StatusOr<uint32_t> count = ParseCount(text);
  if (count.ok()) result->set_cpus(*count);
  return count.status();
}

absl::Status SetMemory(absl::string_view text, SubJobTemplate* result) {
  absl::StatusOr<uint64_t> bytes = ParseCap(text);
  if (bytes.ok()) result->set_memory_bytes(*bytes);
  return bytes.status();
}

absl::Status SetMemoryMode(absl::string_view text, SubJobTemplate* result) {
  absl::StatusOr<MemMode> mode = ParseMemMode(text);
  if (!mode.ok()) return mode.status();
  result->set_memory_mode(*mode == MemMode::kRlimit ? MEMORY_MODE_RLIMIT
                                                    : MEMORY_MODE_CGROUP);
  return absl::OkStatus();
}

absl::Status SetTimeLimit(absl::string_view text, SubJobTemplate* result) {
  absl::StatusOr<absl::Duration> limit = ParseDuration(text);
  if (!limit.ok()) return limit.status();
  // Rounded up: a limit of less than a millisecond is not none.
  result->set_time_limit_ms(static_cast<uint64_t>(
      absl::ToInt64Milliseconds(absl::Ceil(*limit, absl::Milliseconds(1)))));
  return absl::OkStatus();
}

absl::Status SetRetryCodes(absl::string_view text, SubJobTemplate* result) {
  absl::StatusOr<RetryCodes> codes = RetryCodes::Parse(text);
  if (codes.ok()) result->set_retry_codes(std::string(text));
  return codes.status();
}

absl::Status SetMpi(absl::string_view text, SubJobTemplate* result) {
  absl::StatusOr<Mpi> mpi = ParseMpi(text);
  if (!mpi.ok()) return mpi.status();
  result->set_mpi(MpiText(*mpi));
  return absl::OkStatus();
}

}  // namespace cram
