#include "spank/agent/agent/attempt.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "pack/base/size.h"

namespace cram {
namespace {

uint64_t Microseconds(const timeval& time) {
  return time.tv_sec * uint64_t{1000000} + time.tv_usec;
}

void EndOutput(Collector* collector, bool limit_kills, EndFacts* facts,
               Ended* ended) {
  Collector::Totals printed = collector->End();
  ended->set_output_offset(printed.output_offset);
  ended->set_stdout_bytes(printed.stdout_bytes);
  ended->set_stderr_bytes(printed.stderr_bytes);
  ended->set_stdout_left_out(printed.stdout_left_out);
  ended->set_stderr_left_out(printed.stderr_left_out);
  // It may have ended before that was seen.
  if (limit_kills && collector->over_limit() &&
      facts->ended_for == EndReason::kNone) {
    facts->ended_for = EndReason::kOutputBudget;
  }
  if (CauseOf(*facts) == Cause::kCompleted) return;
  absl::string_view message = collector->memory_message();
  facts->memory_message = !message.empty();
  ended->set_memory_message(message.data(), message.size());
}

void SetVictim(const Attempt& attempt, std::optional<Victim> victim,
               Ended* ended) {
  if (!victim) return;
  bool name_only = victim->command.empty() || victim->command[0] == '[';
  if (name_only && victim->pid == attempt.leader) {
    victim->command = CommandText(absl::StrJoin(attempt.candidate.subjob.argv,
                                                absl::string_view("\0", 1)));
  }
  ended->set_victim_pid(victim->pid);
  ended->set_victim_command(victim->command);
  ended->set_victim_bytes(victim->bytes);
  const std::vector<pid_t>& ranks = attempt.ranks.pids;
  auto found = std::find(ranks.begin(), ranks.end(), victim->pid);
  if (found == ranks.end()) return;
  const std::optional<GangPlace>& gang = attempt.candidate.gang;
  ended->set_rank(static_cast<uint32_t>(found - ranks.begin()) +
                  (gang ? gang->first_rank() : 0));
}

}  // namespace

absl::Duration TimeLimit(const RunOptions& options, const SubJob& subjob) {
  bool said = options.time_limit != absl::InfiniteDuration();
  return said ? options.time_limit : subjob.time_limit;
}

// ru_maxrss is in KiB, getrusage(2).
uint64_t LargestProcessBytes(const rusage& usage) {
  rusage ours;
  getrusage(RUSAGE_SELF, &ours);
  if (usage.ru_maxrss <= ours.ru_maxrss) return 0;
  return static_cast<uint64_t>(usage.ru_maxrss) * kKiB;
}

Ended EndedAtOnce(uint64_t index, uint32_t attempt, Cause cause) {
  Ended ended;
  ended.set_index(index);
  ended.set_attempt(attempt);
  ended.set_start_ns(absl::GetCurrentTimeNanos());
  ended.set_end_ns(ended.start_ns());
  ended.set_cause(static_cast<uint32_t>(cause));
  return ended;
}

Started StartedRecord(const Attempt& attempt) {
  Started started;
  started.set_index(attempt.candidate.subjob.index);
  started.set_attempt(attempt.candidate.tried.attempts);
  started.set_slot(attempt.slot);
  started.set_time_ns(absl::ToUnixNanos(attempt.start));
  started.set_cap_bytes(attempt.candidate.cap_bytes);
  started.set_cpus(attempt.candidate.cpus);
  started.set_pid(attempt.leader);
  started.set_told(attempt.told.to_ullong());
  started.set_data_limit_bytes(attempt.data_limit_bytes);
  return started;
}

Ended EndedRecord(const Attempt& attempt, SlotCap* cap, Collector* collector,
                  bool output_limit_kills) {
  EndFacts facts;
  facts.exit = attempt.exit;
  facts.memory = cap->Verdict();
  facts.ended_for = attempt.ended_for;
  facts.could_not_start = attempt.outside || !attempt.ranks.failed_step.empty();
  Ended ended;
  if (collector != nullptr) {
    EndOutput(collector, output_limit_kills, &facts, &ended);
  }
  ended.set_index(attempt.candidate.subjob.index);
  ended.set_attempt(attempt.candidate.tried.attempts);
  ended.set_slot(attempt.slot);
  ended.set_start_ns(absl::ToUnixNanos(attempt.start));
  ended.set_end_ns(absl::ToUnixNanos(attempt.end));
  ended.set_cause(static_cast<uint32_t>(CauseOf(facts)));
  ended.set_cancelled_by_user(CauseOf(facts) == Cause::kCancelled &&
                              attempt.ended_for == EndReason::kCancelled);
  if (attempt.ranks.rank) ended.set_rank(*attempt.ranks.rank);
  if (CauseOf(facts) == Cause::kCouldNotStart) {
    ended.set_failed_step(attempt.outside
                              ? "it was outside of its memory cgroup"
                              : attempt.ranks.failed_step);
    ended.set_error_number(attempt.ranks.error);
  }
  ended.set_exit_code(attempt.exit.code);
  ended.set_signal(attempt.exit.signal);
  ended.set_core_dumped(attempt.exit.core_dumped);
  ended.set_user_us(Microseconds(attempt.usage.ru_utime));
  ended.set_system_us(Microseconds(attempt.usage.ru_stime));
  ended.set_major_faults(attempt.usage.ru_majflt);
  uint64_t peak = cap->peak_bytes();
  // Better than nothing where nobody looked while it ran.
  ended.set_peak_bytes(peak != 0 ? peak : LargestProcessBytes(attempt.usage));
  ended.set_cap_bytes(attempt.candidate.cap_bytes);
  ended.set_cpus(attempt.candidate.cpus);
  if (facts.memory != CapVerdict::kWithin) {
    SetVictim(attempt, cap->victim(), &ended);
  }
  return ended;
}

}  // namespace cram
