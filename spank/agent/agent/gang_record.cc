#include "spank/agent/agent/gang_record.h"

#include <algorithm>

#include "pack/base/outcome.h"

namespace cram {
namespace {

Cause CauseOf(const std::optional<Ended>& part) {
  return part ? static_cast<Cause>(part->cause()) : Cause::kNone;
}

const Ended* FirstWith(const GangEnd& end,
                       std::initializer_list<Cause> causes) {
  for (const std::optional<Ended>& part : end.parts) {
    if (std::count(causes.begin(), causes.end(), CauseOf(part)) != 0) {
      return &*part;
    }
  }
  return nullptr;
}

Ended Only(const GangEnd& end, Cause cause) {
  Ended ended;
  ended.set_cause(static_cast<uint32_t>(cause));
  ended.set_cancelled_by_user(cause == Cause::kCancelled &&
                              end.cancelled_by_user);
  return ended;
}

// Which of them tells why it ended.
Ended Telling(const GangEnd& end) {
  const Ended* memory = FirstWith(
      end, {Cause::kOwnCap, Cause::kNodeBudget, Cause::kHostOutOfMemory});
  if (memory != nullptr) return *memory;
  if (end.node_lost) return Only(end, Cause::kNodeLost);
  const Ended* failed = FirstWith(end, {Cause::kCouldNotStart});
  if (failed != nullptr) return *failed;
  if (end.lost_part && *end.lost_part < end.parts.size()) {
    const std::optional<Ended>& lost = end.parts[*end.lost_part];
    bool tells = lost && CauseOf(lost) != Cause::kCompleted;
    return tells ? *lost : Only(end, Cause::kNodeLost);
  }
  if (end.parts[0]) return *end.parts[0];
  const Ended* other = FirstWith(end, {Cause::kTimeLimit, Cause::kCancelled});
  return other != nullptr ? *other : Only(end, Cause::kCancelled);
}

}  // namespace

Ended GangRecord(const GangEnd& end) {
  Ended record = Telling(end);
  const WideSubJob& subjob = end.gang.subjob;
  record.set_index(subjob.index);
  record.set_attempt(subjob.attempt);
  record.set_slot(0);
  record.set_start_ns(absl::ToUnixNanos(end.start));
  record.set_end_ns(absl::ToUnixNanos(end.end));
  record.set_cpus(static_cast<uint32_t>(subjob.width()));
  record.clear_output_offset();
  record.clear_stdout_left_out();
  record.clear_stderr_left_out();
  uint64_t user = 0, system = 0, faults = 0, peak = 0, out = 0, err = 0;
  for (size_t i = 0; i < end.parts.size(); ++i) {
    EndedPart* part = record.add_parts();
    part->set_node_id(end.gang.parts[i].node);
    part->set_ranks(end.gang.parts[i].ranks);
    if (!end.parts[i]) continue;
    const Ended& own = *end.parts[i];
    part->set_peak_bytes(own.peak_bytes());
    part->set_output_offset(own.output_offset());
    part->set_stdout_bytes(own.stdout_bytes());
    part->set_stderr_bytes(own.stderr_bytes());
    record.set_stdout_left_out(record.stdout_left_out() +
                               own.stdout_left_out());
    record.set_stderr_left_out(record.stderr_left_out() +
                               own.stderr_left_out());
    if (own.cap_bytes() != 0) record.set_cap_bytes(own.cap_bytes());
    user += own.user_us();
    system += own.system_us();
    faults += own.major_faults();
    peak = std::max(peak, own.peak_bytes());
    out += own.stdout_bytes();
    err += own.stderr_bytes();
  }
  record.set_user_us(user);
  record.set_system_us(system);
  record.set_major_faults(faults);
  record.set_peak_bytes(peak);
  record.set_stdout_bytes(out);
  record.set_stderr_bytes(err);
  return record;
}

}  // namespace cram
