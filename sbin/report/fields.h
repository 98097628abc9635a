// The fields of cramacct, as one table.
#pragma once

#include <stdint.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sbin/report/manifest_lookup.h"
#include "sbin/report/run.h"

namespace cram {

// A line of the report: a sub-job's last attempt, or with all attempts one of
// them. No attempt: the sub-job never started.
struct Row {
  uint64_t index = 0;
  const Attempt* attempt = nullptr;
  State state = State::kPending;
};

// What a field may need beside its row.
struct ReportContext {
  const Run& run;
  ManifestLookup& manifest;
  char unit = '\0';    // of memory; '\0': the largest that is exact, as sacct
  int64_t now_ns = 0;  // for what still runs
};

struct Field {
  absl::string_view name;
  int width;  // negative: to the left
  std::string (*value)(const Row& row, const ReportContext& context);
};

// By name, as sacct lists them.
const std::vector<Field>& AllFields();

// Unless the run's ids are longer: those without Slurm are.
inline constexpr int kJobIdWidth = -16;

inline constexpr absl::string_view kDefaultFields =
    "JobID,NodeList,State,ExitCode,Cause,Elapsed,MaxRSS,ReqMem";

// "index,state%-20,maxrss": names in any case, or the start of one, as sacct
// takes them; "all" is every field. The error lists the known names.
absl::StatusOr<std::vector<Field>> ChooseFields(absl::string_view list);

// Values that other views print too.
std::string JobId(const Run& run, uint64_t index);  // "12.0_17"
std::string LocalTime(int64_t time_ns);             // "2026-11-21T20:12:05"
int64_t ElapsedNs(const Attempt& attempt, const ReportContext& context);
std::string Reason(const Attempt& attempt, const Run& run);

}  // namespace cram
