#include "spank/agent/agent/retry.h"

#include <algorithm>

#include "pack/base/retry_codes.h"
#include "spank/agent/slots/learned_cap.h"

namespace cram {
namespace {

constexpr double kAutoFactor = 2;
constexpr absl::Duration kFirstDelay = absl::Milliseconds(100);
constexpr absl::Duration kLongestDelay = absl::Seconds(10);

bool ReachedCap(Cause cause) {
  return cause == Cause::kOwnCap || cause == Cause::kRuntimeMemoryError;
}

// What cannot be read, though it was when it was packed, rules nothing out.
bool CodesAllow(const RunOptions& options, const std::string& of_subjob,
                const ExitStatus& exit) {
  if (options.retry_codes) return options.retry_codes->Allow(exit);
  if (of_subjob.empty()) return true;
  absl::StatusOr<RetryCodes> codes = RetryCodes::Parse(of_subjob);
  return !codes.ok() || codes->Allow(exit);
}

}  // namespace

std::optional<Tried> NextAttempt(const RunOptions& options, const Tried& ended,
                                 Cause cause, const ExitStatus& exit,
                                 const std::string& retry_codes,
                                 const CapLimits& limits) {
  if (cause == Cause::kCompleted || cause == Cause::kCancelled) {
    return std::nullopt;
  }
  Tried next = ended;
  ++next.attempts;
  bool grows = options.oom_factor != 0 || options.mem_auto;
  if (!grows || !ReachedCap(cause)) {
    bool its_own_word = cause == Cause::kExitCode || cause == Cause::kSignal;
    if (ended.failures >= options.retry ||
        (its_own_word && !CodesAllow(options, retry_codes, exit))) {
      return std::nullopt;
    }
    ++next.failures;
    return next;
  }
  uint64_t most = limits.budget_bytes;
  if (options.oom_max_bytes != 0) most = std::min(most, options.oom_max_bytes);
  double factor = options.oom_factor != 0 ? options.oom_factor : kAutoFactor;
  next.cap_bytes = GrownCap(ended.cap_bytes, factor, most);
  if (next.cap_bytes == 0) return std::nullopt;
  next.cap_bytes =
      std::max(next.cap_bytes, std::min(limits.second_cap_bytes, most));
  return next;
}

absl::Duration RetryDelay(uint32_t failures) {
  if (failures == 0) return absl::ZeroDuration();
  return std::min(kLongestDelay,
                  kFirstDelay * (uint64_t{1} << std::min(failures - 1, 20U)));
}

}  // namespace cram
