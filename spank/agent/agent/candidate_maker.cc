#include "spank/agent/agent/candidate_maker.h"

#include <errno.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "pack/base/size.h"
#include "spank/agent/agent/retry.h"

namespace cram {

CandidateMaker::CandidateMaker(const RunOptions* options, const Slots* slots,
                               ManifestReader* manifest, const Order* order)
    : options_(options),
      slots_(slots),
      manifest_(manifest),
      order_(order),
      cap_rule_(options, slots) {}

std::optional<Slot::Failure> CandidateMaker::Make(const Planned& planned,
                                                  Candidate* candidate) {
  candidate->subjob.index = order_->IndexAt(planned.place);
  candidate->tried = planned.tried;
  absl::StatusOr<SubJob> subjob = Read(candidate->subjob.index);
  if (!subjob.ok()) {
    return Slot::Failure{std::string(subjob.status().message()), EINVAL};
  }
  candidate->subjob = *std::move(subjob);
  const SubJob& said = candidate->subjob;
  candidate->cpus = said.cpus != 0    ? said.cpus
                    : said.ranks == 1 ? slots_->DefaultCpus()
                                      : 1;
  candidate->cpus *= said.ranks;
  candidate->cap_bytes = planned.tried.cap_bytes != 0
                             ? planned.tried.cap_bytes
                             : CapOf(said, candidate->cpus);
  return std::nullopt;
}

std::optional<Slot::Failure> CandidateMaker::WhyTooLarge(
    const Candidate& candidate) const {
  if (slots_->Fits(candidate.cpus, candidate.cap_bytes)) return std::nullopt;
  return Slot::Failure{
      absl::StrCat("it needs ", candidate.cpus, " CPUs and ",
                   FormatSize(candidate.cap_bytes), ", the node has ",
                   slots_->cpus(), " and ", FormatSize(slots_->budget_bytes())),
      0};
}

bool CandidateMaker::TooLate(const Candidate& candidate,
                             absl::Duration suspended) const {
  if (end_ == absl::InfiniteFuture()) return false;
  absl::Duration length = TimeLimit(*options_, candidate.subjob);
  if (length == absl::InfiniteDuration()) length = run_times_.Expected();
  return absl::Now() + length > end_ + suspended;
}

void CandidateMaker::Completed(const Candidate& candidate, const Ended& ended) {
  run_times_.Completed(absl::Nanoseconds(ended.end_ns() - ended.start_ns()));
  cap_rule_.Completed(candidate.subjob, candidate.cpus, ended.peak_bytes(),
                      candidate.cap_bytes);
}

std::optional<Tried> CandidateMaker::After(const Candidate& candidate,
                                           const Ended& ended) {
  Tried tried = candidate.tried;
  tried.cap_bytes = candidate.cap_bytes;
  ExitStatus exit{static_cast<int>(ended.exit_code()),
                  static_cast<int>(ended.signal())};
  return NextAttempt(*options_, tried, static_cast<Cause>(ended.cause()), exit,
                     candidate.subjob.retry_codes,
                     cap_rule_.LimitsOf(candidate.subjob, candidate.cpus));
}

}  // namespace cram
